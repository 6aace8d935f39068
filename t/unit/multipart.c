/* unit: src/ngx_http_model_multipart.c src/ngx_http_model_scan_member.c */

/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The scanner of multipart bodies.  Each body is scanned whole, cut in two at
 * every byte, byte by byte and cut in three at random: always with the same
 * outcome, which is written as text and compared.
 */


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_model_multipart.h"


#define LARGE  (26 * 1024 * 1024)


typedef struct {
    const char  *name;
    ngx_str_t    body;
    const char  *want;
} test_t;


typedef struct {
    u_char       text[1024];
    size_t       len;
} outcome_t;


#define X16(s)   s s s s s s s s s s s s s s s s
#define X64(s)   X16(s) X16(s) X16(s) X16(s)
#define X256(s)  X64(s) X64(s) X64(s) X64(s)

#define TYPE     "multipart/form-data; boundary=XbX"
#define FIELD    "--XbX\r\nContent-Disposition: form-data; "
#define MODEL    FIELD "name=\"model\"\r\n\r\n"
#define OTHER    FIELD "name=\"x\"\r\n\r\n"
#define LAST     "--XbX--\r\n"


static const char  *errors[] = {
    "OK", "BOUNDARY", "EMPTY", "START", "DELIMITER", "END", "TRAILING",
    "HEAD", "HEAD_TOO_LONG", "DISPOSITION", "DUPLICATE", "VARIANT", "FILE",
    "ENCODING", "TOO_LONG", "CONTROL", "UTF8", "TYPE"
};


/* "found" with the offsets of the value and the value */

static test_t  tests[] = {

    /* what is found */

    { "field", ngx_string(MODEL "a:w\r\n" LAST), "found 55 58 a:w" },

    { "no line break at the end", ngx_string(MODEL "a\r\n--XbX--"),
      "found 55 56 a" },

    { "empty value", ngx_string(MODEL "\r\n" LAST), "found 55 55 " },

    { "field after others",
      ngx_string(OTHER "1\r\n" OTHER "\r\n" MODEL "w\r\n" OTHER "2\r\n" LAST),
      "found 162 163 w" },

    { "no such field", ngx_string(OTHER "model\r\n" LAST), "none" },

    { "no field", ngx_string("--XbX--\r\n"), "none" },

    { "file first",
      ngx_string(FIELD "name=\"file\"; filename=\"a.wav\"\r\n"
                 "Content-Type: audio/wav\r\n\r\n"
                 "RIFF\r\r\n--Xb\r\n--XbY\r\n-\n--XbX--\r\n--xBx\0\xff\r\r\n"
                 MODEL "w\r\n" LAST),
      "found 193 194 w" },

    { "a boundary without line break is content",
      ngx_string(OTHER "x--XbX\r\n--Xb\r\n\n--XbX\r\n" MODEL "w\r\n"
                 LAST), "found 128 129 w" },

    { "token as name", ngx_string(FIELD "name=model\r\n\r\nw\r\n" LAST),
      "found 53 54 w" },

    { "names of header and parameters in any case, blanks",
      ngx_string("--XbX\r\ncontent-DISPOSITION:\tForm-Data ;  NAME=\"model\" ; "
                 "x=y;\r\nX-Y:\r\n\r\nw\r\n" LAST), "found 70 71 w" },

    { "encodings that are none",
      ngx_string("--XbX\r\nContent-Transfer-Encoding: 8BIT \r\n"
                 "Content-Disposition: form-data; name=\"model\"\r\n"
                 "Content-Type: text/plain; charset=utf-8\r\n\r\nw\r\n" LAST),
      "found 130 131 w" },

    { "7bit and binary",
      ngx_string("--XbX\r\nContent-Transfer-Encoding:7bit\r\n"
                 "Content-Transfer-Encoding: Binary\r\n"
                 "Content-Disposition: form-data; name=\"model\"\r\n"
                 "\r\nw\r\n" LAST),
      "found 122 123 w" },

    { "encoded field of another name",
      ngx_string("--XbX\r\nContent-Transfer-Encoding: base64\r\n"
                 "Content-Disposition: form-data; name=\"x\"\r\n\r\neA==\r\n"
                 MODEL "w\r\n" LAST), "found 147 148 w" },

    { "other names",
      ngx_string(FIELD "name=\"mod\\\"el\"\r\n\r\n\r\n"
                 FIELD "name=\"mod%22el\"\r\n\r\n\r\n"
                 FIELD "name=\"models\"\r\n\r\n\r\n"
                 FIELD "name=\"mode\"\r\n\r\n\r\n"
                 FIELD "name=\"mod%6\"\r\n\r\n\r\n"
                 FIELD "name=\"m%zzodel\"\r\n\r\n\r\n"
                 FIELD "name=\"\"\r\n\r\n\r\n"
                 FIELD "name=\"x\"; filename=\"model\"\r\n\r\n\r\n"
                 FIELD "name=\"x\"; filename*=utf-8''model\r\n\r\n\r\n"
                 FIELD "name=\"x; name=\\\"model\\\"\"\r\n\r\n\r\n" LAST),
      "none" },

    { "value like a boundary",
      ngx_string(MODEL "--Xb\r\n" LAST), "found 55 59 --Xb" },

    { "value in UTF-8", ngx_string(MODEL "\xc3\xa9\r\n" LAST),
      "found 55 57 \xc3\xa9" },

    { "longest value", ngx_string(MODEL X256("x") "\r\n" LAST),
      "found 55 311 " X256("x") },

    { "line breaks behind", ngx_string("--XbX--\r\n\r\n"), "none" },

    /* what is refused of the frame */

    { "nothing", ngx_string(""), "EMPTY 0" },
    { "preamble", ngx_string("x\r\n" MODEL "w\r\n" LAST), "START 0" },
    { "line break first", ngx_string("\r\n" MODEL "w\r\n" LAST), "START 0" },
    { "another boundary", ngx_string("--Xbx\r\n"), "START 4" },
    { "cut in the boundary", ngx_string("--Xb"), "END 4" },
    { "cut after the boundary", ngx_string("--XbX"), "END 5" },
    { "cut after a dash", ngx_string("--XbX-"), "END 6" },
    { "cut in the head", ngx_string("--XbX\r\nX:"), "END 9" },
    { "no final boundary", ngx_string(MODEL "w\r\n"), "END 58" },
    { "no content", ngx_string(MODEL), "END 55" },
    { "padding", ngx_string("--XbX \r\n"), "DELIMITER 5" },
    { "longer boundary", ngx_string(OTHER "1\r\n--XbXY\r\n" LAST),
      "DELIMITER 59" },
    { "bare LF", ngx_string("--XbX\nContent-Disposition:"), "DELIMITER 5" },
    { "bare CR", ngx_string("--XbX\rX"), "DELIMITER 6" },
    { "one dash", ngx_string("--XbX-\r\n"), "DELIMITER 6" },
    { "shared line break", ngx_string(OTHER MODEL "w\r\n" LAST),
      "DELIMITER 55" },
    { "epilogue", ngx_string("--XbX--\r\nx"), "TRAILING 9" },
    { "form behind", ngx_string("--XbX--\r\n" MODEL "w\r\n" LAST),
      "TRAILING 9" },

    /* of the heads */

    { "no header", ngx_string("--XbX\r\n\r\n"), "DISPOSITION 7" },
    { "no disposition", ngx_string("--XbX\r\nX-Y: z\r\n\r\n"),
      "DISPOSITION 7" },
    { "two dispositions",
      ngx_string("--XbX\r\nContent-Disposition: form-data; name=a\r\n"
                 "Content-Disposition: form-data; name=b\r\n\r\n"),
      "DISPOSITION 7" },
    { "another disposition",
      ngx_string("--XbX\r\nContent-Disposition: attachment; name=x\r\n\r\n"),
      "DISPOSITION 7" },
    { "no name", ngx_string(FIELD "filename=\"x\"\r\n\r\n"),
      "DISPOSITION 7" },
    { "no parameter",
      ngx_string("--XbX\r\nContent-Disposition: form-data\r\n\r\n"),
      "DISPOSITION 7" },
    { "two names", ngx_string(FIELD "name=x; name=model\r\n\r\n"),
      "DISPOSITION 7" },
    { "no value", ngx_string(FIELD "name=\r\n\r\n"), "DISPOSITION 7" },
    { "no value before", ngx_string(FIELD "name=;x=y\r\n\r\n"),
      "DISPOSITION 7" },
    { "no equals sign", ngx_string(FIELD "name\r\n\r\n"), "DISPOSITION 7" },
    { "blank before equals sign", ngx_string(FIELD "name =x\r\n\r\n"),
      "DISPOSITION 7" },
    { "blank after equals sign", ngx_string(FIELD "name= x\r\n\r\n"),
      "DISPOSITION 7" },
    { "quote not closed", ngx_string(FIELD "name=\"model\r\n\r\n"),
      "DISPOSITION 7" },
    { "quote closed by an escaped one",
      ngx_string(FIELD "name=\"model\\\"\r\n\r\n"), "DISPOSITION 7" },
    { "backslash last", ngx_string(FIELD "name=\"model\\\r\n\r\n"),
      "DISPOSITION 7" },
    { "bytes after the quote", ngx_string(FIELD "name=\"model\"x\r\n\r\n"),
      "DISPOSITION 7" },
    { "comma", ngx_string(FIELD "name=model, form-data\r\n\r\n"),
      "DISPOSITION 7" },
    { "quote in a token", ngx_string(FIELD "name=mo\"del\"\r\n\r\n"),
      "DISPOSITION 7" },
    { "folded header",
      ngx_string("--XbX\r\nContent-Disposition: form-data;\r\n"
                 " name=\"model\"\r\n\r\n"), "DISPOSITION 7" },
    { "folded other header",
      ngx_string("--XbX\r\nX: y\r\n Content-Disposition: form-data\r\n"),
      "HEAD 7" },
    { "header without colon", ngx_string("--XbX\r\nContent\r\n"), "HEAD 7" },
    { "header like a boundary",
      ngx_string(FIELD "name=x\r\n--XbXY: z\r\n\r\n1\r\n" LAST), "HEAD 7" },
    { "header without name", ngx_string("--XbX\r\n: x\r\n"), "HEAD 7" },
    { "blank before the colon",
      ngx_string("--XbX\r\nContent-Disposition : form-data\r\n"), "HEAD 7" },
    { "header ends in LF", ngx_string("--XbX\r\nX: y\n\r\n"), "HEAD 7" },
    { "head ends in LF", ngx_string("--XbX\r\n\n"), "HEAD 7" },
    { "CR in a header", ngx_string("--XbX\r\nX: y\rz\r\n"), "HEAD 7" },
    { "NUL in a header", ngx_string("--XbX\r\nX: y\0z\r\n"), "HEAD 7" },
    { "NUL in a header's name", ngx_string("--XbX\r\nX\0: y\r\n"), "HEAD 7" },
    { "DEL in a header", ngx_string("--XbX\r\nX: y\x7f\r\n"), "HEAD 7" },
    { "head too long",
      ngx_string("--XbX\r\nX:" X256(X16("0123456")) X64(X16("0123456789"))
                 "\r\n"), "HEAD_TOO_LONG 7" },
    { "head too long in lines",
      ngx_string("--XbX\r\n" X256(X16("X:\r\n")) X256("X:\r\n")),
      "HEAD_TOO_LONG 7" },

    /* of the field */

    { "twice", ngx_string(MODEL "a\r\n" MODEL "a\r\n" LAST),
      "DUPLICATE 65" },
    { "another case", ngx_string(FIELD "name=\"Model\"\r\n\r\nw\r\n" LAST),
      "VARIANT 7" },
    { "another case as token",
      ngx_string(FIELD "name=MODEL\r\n\r\nw\r\n" LAST), "VARIANT 7" },
    { "field and another case",
      ngx_string(MODEL "a\r\n" FIELD "name=modeL\r\n\r\n"), "VARIANT 65" },
    { "backslash in the name",
      ngx_string(FIELD "name=\"mo\\del\"\r\n\r\nw\r\n" LAST), "VARIANT 7" },
    { "percent sign in the name",
      ngx_string(FIELD "name=\"m%6fd%65L\"\r\n\r\nw\r\n" LAST),
      "VARIANT 7" },
    { "blanks in the name",
      ngx_string(FIELD "name=\" model\"\r\n\r\nw\r\n" LAST), "VARIANT 7" },
    { "extended name",
      ngx_string(FIELD "name*=utf-8''model\r\n\r\nw\r\n" LAST),
      "DISPOSITION 7" },
    { "name and extended name",
      ngx_string(FIELD "name=\"x\"; name*=utf-8''model\r\n\r\nw\r\n" LAST),
      "VARIANT 7" },
    { "name in pieces",
      ngx_string(FIELD "name=x; name*0=mo; name*1=del\r\n\r\nw\r\n" LAST),
      "VARIANT 7" },
    { "field as a file",
      ngx_string(FIELD "name=\"model\"; filename=\"x\"\r\n\r\nw\r\n" LAST),
      "FILE 7" },
    { "field as a file without name",
      ngx_string(FIELD "filename=\"\"; name=\"model\"\r\n\r\nw\r\n" LAST),
      "FILE 7" },
    { "field as a file, extended",
      ngx_string(FIELD "name=model; filename*=utf-8''x\r\n\r\nw\r\n" LAST),
      "FILE 7" },
    { "encoded field",
      ngx_string("--XbX\r\nContent-Transfer-Encoding: base64\r\n"
                 "Content-Disposition: form-data; name=model\r\n\r\n"),
      "ENCODING 7" },
    { "encoded field, header behind",
      ngx_string(FIELD "name=model\r\n"
                 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"),
      "ENCODING 7" },
    { "encoding without value",
      ngx_string(FIELD "name=model\r\nContent-Transfer-Encoding:\r\n\r\n"),
      "ENCODING 7" },
    { "value too long", ngx_string(MODEL X256("x") "y\r\n" LAST),
      "TOO_LONG 55" },
    { "line break in the value", ngx_string(MODEL "a\r\nb\r\n" LAST),
      "CONTROL 55" },
    { "CR in the value", ngx_string(MODEL "a\r\r\n" LAST), "CONTROL 55" },
    { "LF in the value", ngx_string(MODEL "a\n\r\n" LAST), "CONTROL 55" },
    { "NUL in the value", ngx_string(MODEL "a\0\r\n" LAST), "CONTROL 55" },
    { "value of no UTF-8", ngx_string(MODEL "a\xff\r\n" LAST), "UTF8 55" }
};

#define NTESTS  (sizeof(tests) / sizeof(tests[0]))


/* of a Content-Type: the error, or the boundary */

static test_t  headers[] = {
    { "plain", ngx_string("multipart/form-data; boundary=abc"), "abc" },
    { "blank behind", ngx_string("multipart/form-data; boundary=abc\t "),
      "abc" },
    { "quoted", ngx_string("multipart/form-data; boundary=\"a b:c\""),
      "a b:c" },
    { "case, blanks, other parameters",
      ngx_string("Multipart/Form-Data ;\tx=y; BOUNDARY=abc ; z=\"q\\\"r\" ;"),
      "abc" },
    { "all that may be",
      ngx_string("multipart/form-data;boundary=aZ09'()+_,-./:=?"),
      "aZ09'()+_,-./:=?" },
    { "longest",
      ngx_string("multipart/form-data; boundary=" X64("b") "bbbbbb"),
      X64("b") "bbbbbb" },

    { "too long",
      ngx_string("multipart/form-data; boundary=" X64("b") "bbbbbbb"),
      "BOUNDARY" },
    { "missing", ngx_string("multipart/form-data"), "BOUNDARY" },
    { "missing among others", ngx_string("multipart/form-data; x=y"),
      "BOUNDARY" },
    { "empty", ngx_string("multipart/form-data; boundary="), "BOUNDARY" },
    { "empty quoted", ngx_string("multipart/form-data; boundary=\"\""),
      "BOUNDARY" },
    { "blank at the end",
      ngx_string("multipart/form-data; boundary=\"a \""), "BOUNDARY" },
    { "twice", ngx_string("multipart/form-data; boundary=a; boundary=b"),
      "BOUNDARY" },
    { "extended", ngx_string("multipart/form-data; boundary*=a"),
      "BOUNDARY" },
    { "two headers in one",
      ngx_string("multipart/form-data; boundary=a, x/y; boundary=b"),
      "BOUNDARY" },
    { "not closed", ngx_string("multipart/form-data; boundary=\"a"),
      "BOUNDARY" },
    { "escape", ngx_string("multipart/form-data; boundary=\"a\\b\""),
      "BOUNDARY" },
    { "characters", ngx_string("multipart/form-data; boundary=a@b"),
      "BOUNDARY" },
    { "NUL", ngx_string("multipart/form-data; boundary=\"a\0b\""),
      "BOUNDARY" },
    { "garbage", ngx_string("multipart/form-data; =; boundary=a"),
      "BOUNDARY" },
    { "no semicolon", ngx_string("multipart/form-data boundary=a"),
      "BOUNDARY" },

    { "other type", ngx_string("application/json"), "TYPE" },
    { "other multipart", ngx_string("multipart/mixed; boundary=a"), "TYPE" },
    { "longer type", ngx_string("multipart/form-data2; boundary=a"),
      "TYPE" },
    { "no type", ngx_string(""), "TYPE" }
};

#define NHEADERS  (sizeof(headers) / sizeof(headers[0]))


static ngx_uint_t  count;
static ngx_uint_t  failures;
static uint64_t    seed = 20;


static ngx_uint_t
any(ngx_uint_t n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;

    return (ngx_uint_t) ((seed >> 33) % n);
}


static void
ok(ngx_uint_t good, const char *name, const char *what)
{
    failures += !good;

    printf("%sok %lu - %s%s\n", good ? "" : "not ", (unsigned long) ++count,
           name, what);
}


static void
begin(ngx_http_model_multipart_t *m)
{
    ngx_str_t  type = ngx_string(TYPE);

    ngx_memset(m, 0xa5, sizeof(ngx_http_model_multipart_t));

    if (ngx_http_model_multipart_init(m, &type) != NGX_OK) {
        ok(0, "init", "");
    }
}


/* in a block of its own size, so that the sanitizer sees what is overread */

static void
feed(ngx_http_model_multipart_t *m, u_char *p, size_t len)
{
    u_char  *copy;

    copy = malloc(len ? len : 1);
    ngx_memcpy(copy, p, len);

    if (ngx_http_model_multipart_feed(m, copy, len)
        != (m->error ? NGX_ERROR : NGX_OK))
    {
        ok(0, "feed", " returns what is in the scan");
    }

    free(copy);
}


static void
finish(outcome_t *o, ngx_http_model_multipart_t *m)
{
    char  *text;

    text = (char *) o->text;

    if (ngx_http_model_multipart_finish(m) != NGX_OK) {
        o->len = snprintf(text, sizeof(o->text), "%s %ld", errors[m->error],
                          (long) m->error_offset);
        return;
    }

    if (!m->found) {
        o->len = snprintf(text, sizeof(o->text), "none");
        return;
    }

    o->len = snprintf(text, sizeof(o->text), "found %ld %ld %.*s",
                      (long) m->start, (long) m->end, (int) m->value.len,
                      (char *) m->value.data);
}


static void
run(outcome_t *o, ngx_str_t *body, size_t one, size_t two)
{
    ngx_http_model_multipart_t  m;

    begin(&m);

    feed(&m, body->data, one);
    feed(&m, body->data + one, two - one);
    feed(&m, body->data + two, body->len - two);

    finish(o, &m);
}


static ngx_uint_t
same(outcome_t *o, const char *want)
{
    return o->len == ngx_strlen(want)
           && ngx_memcmp(o->text, want, o->len) == 0;
}


static void
test(test_t *t)
{
    size_t                      i, one, two;
    outcome_t                   got;
    ngx_uint_t                  good;
    ngx_http_model_multipart_t  m;

    run(&got, &t->body, 0, 0);
    good = same(&got, t->want);

    if (!good) {
        printf("# got  %.*s\n# want %s\n", (int) got.len, got.text, t->want);
    }

    ok(good, t->name, "");

    good = 1;

    for (i = 0; i <= t->body.len; i++) {
        run(&got, &t->body, i, i);
        good &= same(&got, t->want);

        one = any(t->body.len + 1);
        two = one + any(t->body.len - one + 1);
        run(&got, &t->body, one, two);
        good &= same(&got, t->want);
    }

    begin(&m);

    for (i = 0; i < t->body.len; i++) {
        feed(&m, t->body.data + i, 1);
    }

    finish(&got, &m);

    ok(good && same(&got, t->want), t->name, ", cut");
}


static void
test_header(test_t *t)
{
    size_t                      len;
    ngx_int_t                   rc;
    ngx_uint_t                  good;
    ngx_http_model_multipart_t  m;

    rc = ngx_http_model_multipart_init(&m, &t->body);
    len = ngx_strlen(t->want);

    if (rc == NGX_OK) {
        good = (m.size == len + 4
                && ngx_memcmp(m.delimiter + 4, t->want, len) == 0);

    } else {
        good = (ngx_strcmp(errors[m.error], t->want) == 0
                && rc == (m.error == NGX_HTTP_MODEL_MULTIPART_TYPE
                          ? NGX_DECLINED : NGX_ERROR)
                && ngx_http_model_multipart_feed(&m, m.text, 1) == NGX_ERROR
                && ngx_http_model_multipart_finish(&m) == NGX_ERROR);
    }

    ok(good, "content type: ", t->name);
}


/* a big file before the field, in pieces of several sizes */

static void
test_large(size_t piece)
{
    size_t                      i, n;
    u_char                     *file;
    outcome_t                   got;
    ngx_http_model_multipart_t  m;

    static u_char  head[] = FIELD "name=\"file\"; filename=\"a\"\r\n\r\n";
    static u_char  tail[] = "\r\n" MODEL "w\r\n" LAST;

    file = malloc(piece);
    begin(&m);
    feed(&m, head, sizeof(head) - 1);

    for (i = 0; i < LARGE; i += n) {
        n = ngx_min(piece, LARGE - i);

        ngx_memset(file, (int) (i & 0xff), n);
        file[any(n)] = '\r';
        (void) ngx_http_model_multipart_feed(&m, file, n);
    }

    feed(&m, tail, sizeof(tail) - 1);
    finish(&got, &m);

    ok(m.found && m.start == (off_t) (sizeof(head) - 1 + LARGE + 2 + 55)
       && m.end == m.start + 1, "field after a large file", "");

    free(file);
}


static void
test_interface(void)
{
    ngx_uint_t  i, good;

    good = 1;

    for (i = 0; i <= NGX_HTTP_MODEL_MULTIPART_TYPE + 1; i++) {
        good &= (ngx_strlen(ngx_http_model_multipart_strerror(i)) > 5);
    }

    ok(good, "each error has a text", "");
}


int
main(void)
{
    ngx_uint_t  i;

    for (i = 0; i < NTESTS; i++) {
        test(&tests[i]);
    }

    for (i = 0; i < NHEADERS; i++) {
        test_header(&headers[i]);
    }

    test_large(1000);
    test_large(16384);
    test_large(1000000);

    test_interface();

    printf("1..%lu\n", (unsigned long) count);

    return failures ? 1 : 0;
}
