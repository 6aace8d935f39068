
/*
 * Copyright (C) the ngx_http_model_module authors
 *
 * The paths of the presets become a tree of names, and the body is walked
 * along it once: objects that the tree leads to are read member by member,
 * everything else is skipped.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_model_json.h"
#include "ngx_http_model_preset.h"


#define NGX_HTTP_MODEL_PRESET_OTHER    0
#define NGX_HTTP_MODEL_PRESET_VARIANT  1
#define NGX_HTTP_MODEL_PRESET_EXACT    2


typedef struct ngx_http_model_preset_node_s  ngx_http_model_preset_node_t;

struct ngx_http_model_preset_node_s {
    ngx_str_t                      part;
    ngx_http_model_preset_t       *preset;    /* NULL: leads to others */
    ngx_http_model_preset_node_t  *child;
    ngx_http_model_preset_node_t  *next;
    unsigned                       forced:1;  /* it or one below is */
    unsigned                       found:1;   /* in the object at hand */
};


typedef struct {
    u_char                        *start;
    u_char                        *last;
    ngx_pool_t                    *pool;
    ngx_array_t                    edits;
    ngx_http_model_edit_t         *given;
    ngx_uint_t                     ngiven;
    unsigned                       failed:1;  /* memory ran out */
} ngx_http_model_preset_plan_t;


static const char *ngx_http_model_preset_check_path(ngx_str_t *path);
static const char *ngx_http_model_preset_check_pair(ngx_str_t *path,
    ngx_str_t *other);
static void ngx_http_model_preset_part(ngx_str_t *path, ngx_str_t *part);
static ngx_int_t ngx_http_model_preset_add(ngx_pool_t *pool,
    ngx_http_model_preset_node_t *root, ngx_http_model_preset_t *preset);
static u_char *ngx_http_model_preset_object(
    ngx_http_model_preset_plan_t *plan, ngx_http_model_preset_node_t *parent,
    u_char *p);
static u_char *ngx_http_model_preset_member(
    ngx_http_model_preset_plan_t *plan, ngx_http_model_preset_node_t *parent,
    u_char *p);
static ngx_http_model_preset_node_t *ngx_http_model_preset_match(
    ngx_http_model_preset_node_t *node, u_char *key, u_char *last);
static ngx_uint_t ngx_http_model_preset_compare(u_char *p, u_char *last,
    ngx_str_t *part);
static ngx_uint_t ngx_http_model_preset_char(u_char **pp, u_char *last);
static ngx_http_model_edit_t *ngx_http_model_preset_edit(
    ngx_http_model_preset_plan_t *plan, u_char *start, u_char *end);
static ngx_int_t ngx_http_model_preset_replace(
    ngx_http_model_preset_plan_t *plan, ngx_http_model_preset_node_t *node,
    u_char *start, u_char *end);
static ngx_int_t ngx_http_model_preset_insert(
    ngx_http_model_preset_plan_t *plan, ngx_http_model_preset_node_t *parent,
    ngx_uint_t slot, ngx_uint_t comma);
static size_t ngx_http_model_preset_size(ngx_http_model_preset_node_t *node,
    ngx_uint_t missing);
static u_char *ngx_http_model_preset_write(u_char *p,
    ngx_http_model_preset_node_t *node, ngx_uint_t missing);
static u_char *ngx_http_model_preset_space(u_char *p, u_char *last);
static u_char *ngx_http_model_preset_string(u_char *p, u_char *last);
static u_char *ngx_http_model_preset_skip(u_char *p, u_char *last);


/* members that routing reads: editing them here would undo the route */

static ngx_str_t  ngx_http_model_preset_routing[] = {
    ngx_string("model"),
    ngx_string("name"),
    ngx_string("source"),
    ngx_string("destination"),
    ngx_string("from"),
    ngx_null_string
};


const char *
ngx_http_model_preset_check(ngx_pool_t *pool, ngx_str_t *path,
    ngx_str_t *value)
{
    u_char      *line, *last;
    ngx_str_t    err;
    const char  *text;
    ngx_uint_t   i;

    text = ngx_http_model_preset_check_path(path);
    if (text != NULL) {
        return text;
    }

    for (i = 0; i < value->len; i++) {

        if (value->data[i] < 0x20) {
            return "the value must be one line without control characters";
        }
    }

    /* yajl overlooks a string cut short behind the value, but not its LF */

    line = ngx_pnalloc(pool, value->len + 1);
    if (line == NULL) {
        return "not enough memory";
    }

    last = ngx_cpymem(line, value->data, value->len);
    *last++ = LF;

    if (ngx_http_model_json_parse(pool, line, last - line, &err) == NULL) {
        return "the value is not JSON; a string is written '\"text\"'";
    }

    return NULL;
}


const char *
ngx_http_model_preset_conflict(ngx_array_t *presets, ngx_str_t *path)
{
    ngx_uint_t                i;
    const char               *text;
    ngx_http_model_preset_t  *preset;

    preset = presets->elts;

    for (i = 0; i < presets->nelts; i++) {

        text = ngx_http_model_preset_check_pair(path, &preset[i].path);
        if (text != NULL) {
            return text;
        }
    }

    return NULL;
}


static const char *
ngx_http_model_preset_check_path(ngx_str_t *path)
{
    u_char      ch;
    ngx_str_t   rest, part, *name;
    ngx_uint_t  i, n;

    rest = *path;
    n = 0;

    do {
        ngx_http_model_preset_part(&rest, &part);

        if (part.len == 0) {
            return "the path must be names joined by dots";
        }

        for (i = 0; i < part.len; i++) {
            ch = part.data[i];

            if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z')
                  || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-'))
            {
                return "the path must be names of letters, digits, \"_\" and "
                       "\"-\", joined by dots";
            }
        }

        if (n++ == 0) {

            for (name = ngx_http_model_preset_routing; name->len; name++) {

                if (part.len == name->len
                    && ngx_strncasecmp(part.data, name->data, name->len) == 0)
                {
                    return "the gateway itself sets what names the model";
                }
            }
        }

    } while (rest.data != NULL);

    if (n > NGX_HTTP_MODEL_PRESET_DEPTH) {
        return "the path must not nest deeper than 8 names";
    }

    return NULL;
}


static const char *
ngx_http_model_preset_check_pair(ngx_str_t *path, ngx_str_t *other)
{
    ngx_str_t  a, b, rest, other_rest;

    rest = *path;
    other_rest = *other;

    do {
        ngx_http_model_preset_part(&rest, &a);
        ngx_http_model_preset_part(&other_rest, &b);

        if (a.len != b.len || ngx_strncasecmp(a.data, b.data, a.len) != 0) {
            return NULL;
        }

        if (ngx_memcmp(a.data, b.data, a.len) != 0) {
            return "the path differs from that of another preset in case only";
        }

    } while (rest.data != NULL && other_rest.data != NULL);

    if (rest.data == NULL && other_rest.data == NULL) {
        return "the path has a preset already";
    }

    return "the path leads through that of another preset, or the other way "
           "round";
}


/* takes the first part off the path; path->data is NULL after the last one */

static void
ngx_http_model_preset_part(ngx_str_t *path, ngx_str_t *part)
{
    u_char  *p, *last;

    part->data = path->data;
    last = path->data + path->len;

    p = ngx_strlchr(path->data, last, '.');

    if (p == NULL) {
        part->len = path->len;
        ngx_str_null(path);
        return;
    }

    part->len = p - path->data;
    path->data = p + 1;
    path->len = last - path->data;
}


ngx_int_t
ngx_http_model_preset_plan(ngx_pool_t *pool, ngx_array_t *presets,
    u_char *body, size_t len, ngx_http_model_edit_t **edits, ngx_uint_t *n)
{
    u_char                        *p;
    ngx_uint_t                     i, m;
    ngx_http_model_edit_t         *edit;
    ngx_http_model_preset_t       *preset;
    ngx_http_model_preset_node_t   root;
    ngx_http_model_preset_plan_t   plan;

    if (presets->nelts == 0) {
        return NGX_OK;
    }

    ngx_memzero(&root, sizeof(ngx_http_model_preset_node_t));
    ngx_memzero(&plan, sizeof(ngx_http_model_preset_plan_t));

    preset = presets->elts;

    for (i = 0; i < presets->nelts; i++) {

        if (ngx_http_model_preset_add(pool, &root, &preset[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    plan.start = body;
    plan.last = body + len;
    plan.pool = pool;
    plan.given = *edits;
    plan.ngiven = *n;

    if (ngx_array_init(&plan.edits, pool, presets->nelts + 4,
                       sizeof(ngx_http_model_edit_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    p = ngx_http_model_preset_space(body, plan.last);

    if (p == plan.last || *p != '{') {
        return NGX_DECLINED;
    }

    if (ngx_http_model_preset_object(&plan, &root, p + 1) == NULL) {
        return plan.failed ? NGX_ERROR : NGX_DECLINED;
    }

    edit = plan.edits.elts;
    m = 0;

    for (i = 0; i < plan.edits.nelts; i++) {

        if (edit[i].start < edit[i].end || edit[i].text.len) {
            edit[m++] = edit[i];
        }
    }

    return ngx_http_model_edit_merge(pool, edit, m, plan.given, plan.ngiven,
                                     edits, n);
}


static ngx_int_t
ngx_http_model_preset_add(ngx_pool_t *pool,
    ngx_http_model_preset_node_t *root, ngx_http_model_preset_t *preset)
{
    ngx_str_t                       path, part;
    ngx_http_model_preset_node_t   *node, **next;

    path = preset->path;
    node = root;

    do {
        ngx_http_model_preset_part(&path, &part);

        for (next = &node->child; *next; next = &(*next)->next) {

            if ((*next)->part.len == part.len
                && ngx_memcmp((*next)->part.data, part.data, part.len) == 0)
            {
                break;
            }
        }

        if (*next == NULL) {
            *next = ngx_pcalloc(pool, sizeof(ngx_http_model_preset_node_t));
            if (*next == NULL) {
                return NGX_ERROR;
            }

            (*next)->part = part;
        }

        node = *next;

        if (preset->force) {
            node->forced = 1;
        }

    } while (path.data != NULL);

    node->preset = preset;

    return NGX_OK;
}


/*
 * p is behind the "{"; returns what follows the "}".  An edit for what is
 * missing takes its place in the list before those inside the object.
 */

static u_char *
ngx_http_model_preset_object(ngx_http_model_preset_plan_t *plan,
    ngx_http_model_preset_node_t *parent, u_char *p)
{
    u_char                        *last;
    ngx_uint_t                     slot, members;
    ngx_http_model_preset_node_t  *node;

    last = plan->last;
    slot = plan->edits.nelts;
    members = 0;

    if (ngx_http_model_preset_edit(plan, p, p) == NULL) {
        return NULL;
    }

    for (node = parent->child; node; node = node->next) {
        node->found = 0;
    }

    p = ngx_http_model_preset_space(p, last);

    if (p < last && *p == '}') {
        goto done;
    }

    for ( ;; ) {
        p = ngx_http_model_preset_member(plan, parent, p);
        if (p == NULL) {
            return NULL;
        }

        members++;

        p = ngx_http_model_preset_space(p, last);

        if (p == last) {
            return NULL;
        }

        if (*p == '}') {
            break;
        }

        if (*p != ',') {
            return NULL;
        }

        p = ngx_http_model_preset_space(p + 1, last);
    }

done:

    if (ngx_http_model_preset_insert(plan, parent, slot, members) != NGX_OK) {
        return NULL;
    }

    return p + 1;
}


static u_char *
ngx_http_model_preset_member(ngx_http_model_preset_plan_t *plan,
    ngx_http_model_preset_node_t *parent, u_char *p)
{
    u_char                        *key, *value, *last;
    ngx_http_model_preset_node_t  *node;

    last = plan->last;

    if (p == last || *p != '"') {
        return NULL;
    }

    key = p + 1;

    p = ngx_http_model_preset_string(p, last);
    if (p == NULL) {
        return NULL;
    }

    node = ngx_http_model_preset_match(parent->child, key, p - 1);

    p = ngx_http_model_preset_space(p, last);

    if (p == last || *p != ':') {
        return NULL;
    }

    value = ngx_http_model_preset_space(p + 1, last);

    if (value == last) {
        return NULL;
    }

    if (node != NULL && node->preset == NULL && *value == '{') {
        return ngx_http_model_preset_object(plan, node, value + 1);
    }

    p = ngx_http_model_preset_skip(value, last);

    if (p == NULL || node == NULL || !node->forced) {
        return p;
    }

    if (ngx_http_model_preset_replace(plan, node, value, p) != NGX_OK) {
        return NULL;
    }

    return p;
}


static ngx_http_model_preset_node_t *
ngx_http_model_preset_match(ngx_http_model_preset_node_t *node, u_char *key,
    u_char *last)
{
    for ( /* void */ ; node; node = node->next) {

        switch (ngx_http_model_preset_compare(key, last, &node->part)) {

        case NGX_HTTP_MODEL_PRESET_EXACT:
            node->found = 1;
            return node;

        case NGX_HTTP_MODEL_PRESET_VARIANT:
            return node;
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_model_preset_compare(u_char *p, u_char *last, ngx_str_t *part)
{
    u_char      ch;
    ngx_uint_t  i, code, rc;

    rc = NGX_HTTP_MODEL_PRESET_EXACT;

    for (i = 0; i < part->len; i++) {
        ch = part->data[i];
        code = ngx_http_model_preset_char(&p, last);

        if (code == ch) {
            continue;
        }

        rc = NGX_HTTP_MODEL_PRESET_VARIANT;

        if (code == 0x17f) {
            code = 's';

        } else if (code == 0x212a) {
            code = 'k';
        }

        if (code > 0x7f || ngx_tolower(code) != ngx_tolower(ch)) {
            return NGX_HTTP_MODEL_PRESET_OTHER;
        }
    }

    return (p == last) ? rc : NGX_HTTP_MODEL_PRESET_OTHER;
}


/*
 * The next character of a key, as far as it can matter to a path: ASCII and
 * the two that fold to it; of others some value above, at the end zero.
 */

static ngx_uint_t
ngx_http_model_preset_char(u_char **pp, u_char *last)
{
    u_char      *p;
    ngx_uint_t   code;

    p = *pp;

    if (p == last) {
        return 0;
    }

    code = *p++;

    if (code == '\\') {
        code = 0;

        if (last - p >= 5 && *p == 'u') {
            code = (ngx_uint_t) ngx_hextoi(p + 1, 4);
            p += 5;
        }

    } else if (code == 0xc5 && last - p >= 1 && p[0] == 0xbf) {
        code = 0x17f;
        p += 1;

    } else if (code == 0xe2 && last - p >= 2 && p[0] == 0x84 && p[1] == 0xaa) {
        code = 0x212a;
        p += 2;
    }

    *pp = p;

    return code;
}


static ngx_http_model_edit_t *
ngx_http_model_preset_edit(ngx_http_model_preset_plan_t *plan, u_char *start,
    u_char *end)
{
    ngx_http_model_edit_t  *edit;

    edit = ngx_array_push(&plan->edits);
    if (edit == NULL) {
        plan->failed = 1;
        return NULL;
    }

    ngx_memzero(edit, sizeof(ngx_http_model_edit_t));

    edit->start = start - plan->start;
    edit->end = end - plan->start;

    return edit;
}


static ngx_int_t
ngx_http_model_preset_replace(ngx_http_model_preset_plan_t *plan,
    ngx_http_model_preset_node_t *node, u_char *start, u_char *end)
{
    u_char                 *p;
    ngx_http_model_edit_t  *edit;

    edit = ngx_http_model_preset_edit(plan, start, end);
    if (edit == NULL) {
        return NGX_ERROR;
    }

    if (node->preset != NULL) {
        edit->text = node->preset->value;
        return NGX_OK;
    }

    p = ngx_pnalloc(plan->pool,
                    ngx_http_model_preset_size(node->child, 0) + 2);
    if (p == NULL) {
        plan->failed = 1;
        return NGX_ERROR;
    }

    edit->text.data = p;

    *p++ = '{';
    p = ngx_http_model_preset_write(p, node->child, 0);
    *p++ = '}';

    edit->text.len = p - edit->text.data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_model_preset_insert(ngx_http_model_preset_plan_t *plan,
    ngx_http_model_preset_node_t *parent, ngx_uint_t slot, ngx_uint_t comma)
{
    size_t                  size;
    u_char                 *p;
    ngx_uint_t              i;
    ngx_http_model_edit_t  *edit;

    size = ngx_http_model_preset_size(parent->child, 1);

    if (size == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(plan->pool, size + 1);
    if (p == NULL) {
        plan->failed = 1;
        return NGX_ERROR;
    }

    edit = plan->edits.elts;
    edit += slot;

    for (i = 0; i < plan->ngiven; i++) {

        if (plan->given[i].start == edit->start
            && plan->given[i].end == edit->end
            && plan->given[i].text.len)
        {
            comma = 1;
        }
    }

    edit->text.data = p;

    p = ngx_http_model_preset_write(p, parent->child, 1);

    if (comma) {
        *p++ = ',';
    }

    edit->text.len = p - edit->text.data;

    return NGX_OK;
}


/* an upper bound of what write puts; zero when it puts nothing */

static size_t
ngx_http_model_preset_size(ngx_http_model_preset_node_t *node,
    ngx_uint_t missing)
{
    size_t  size;

    size = 0;

    for ( /* void */ ; node; node = node->next) {

        if (missing && node->found) {
            continue;
        }

        size += sizeof("\"\":,") - 1 + node->part.len;

        if (node->preset != NULL) {
            size += node->preset->value.len;

        } else {
            size += sizeof("{}") - 1
                    + ngx_http_model_preset_size(node->child, 0);
        }
    }

    return size;
}


/* the members of the nodes, of the missing ones only, joined by commas */

static u_char *
ngx_http_model_preset_write(u_char *p, ngx_http_model_preset_node_t *node,
    ngx_uint_t missing)
{
    ngx_str_t   *value;
    ngx_uint_t   n;

    n = 0;

    for ( /* void */ ; node; node = node->next) {

        if (missing && node->found) {
            continue;
        }

        if (n++) {
            *p++ = ',';
        }

        *p++ = '"';
        p = ngx_cpymem(p, node->part.data, node->part.len);
        *p++ = '"';
        *p++ = ':';

        if (node->preset != NULL) {
            value = &node->preset->value;
            p = ngx_cpymem(p, value->data, value->len);

        } else {
            *p++ = '{';
            p = ngx_http_model_preset_write(p, node->child, 0);
            *p++ = '}';
        }
    }

    return p;
}


static u_char *
ngx_http_model_preset_space(u_char *p, u_char *last)
{
    while (p < last && (*p == ' ' || *p == '\t' || *p == CR || *p == LF)) {
        p++;
    }

    return p;
}


/* p is at the opening quote; returns what follows the closing one, or NULL */

static u_char *
ngx_http_model_preset_string(u_char *p, u_char *last)
{
    u_char  *q, *start;

    start = ++p;

    for ( ;; ) {
        p = memchr(p, '"', last - p);
        if (p == NULL) {
            return NULL;
        }

        for (q = p; q > start && q[-1] == '\\'; q--) { /* void */ }

        p++;

        if (((p - q) & 1) == 1) {
            return p;
        }
    }
}


/* p is at a value; returns what follows it, or NULL */

static u_char *
ngx_http_model_preset_skip(u_char *p, u_char *last)
{
    u_char      *start;
    ngx_uint_t   depth;

    depth = 0;
    start = p;

    while (p < last) {

        switch (*p) {

        case '"':
            p = ngx_http_model_preset_string(p, last);

            if (p == NULL || depth == 0) {
                return p;
            }

            continue;

        case '{':
        case '[':
            depth++;
            break;

        case '}':
        case ']':
            if (depth == 0) {
                return (p > start) ? p : NULL;
            }

            if (--depth == 0) {
                return p + 1;
            }

            break;

        case ',':
        case ' ':
        case '\t':
        case CR:
        case LF:
            if (depth == 0) {
                return (p > start) ? p : NULL;
            }
        }

        p++;
    }

    return NULL;
}
