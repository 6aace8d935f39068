
# the page of model_status, as an array in a header beside nginx's own

cat << END                                                    >> $NGX_MAKEFILE

$NGX_OBJS/addon/src/ngx_http_model_page.o:	\\
	$NGX_OBJS/ngx_http_model_page_html.h

$NGX_OBJS/ngx_http_model_page_html.h:	\\
	$ngx_addon_dir/src/ngx_http_model_page.html $ngx_addon_dir/config.make
	{ echo 'static u_char  ngx_http_model_page_html[] = {' \\
	  && od -An -v -tu1 $ngx_addon_dir/src/ngx_http_model_page.html \\
	     | sed 's/[0-9][0-9]*/&,/g' \\
	  && echo '0 };'; } > \$@.new
	mv \$@.new \$@

END
