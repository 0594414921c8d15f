/* SPDX-License-Identifier: Apache-2.0 */
/* The columns of a table of tables. In: a header, and a map from the user. Out: the field of each role, and
 * a line that shows what was taken for what, since a guess must be seen.
 *
 * A name is guessed if it is one of the usual ones, blind to case and with ' ' and '-' as '_'. Two
 * candidates are no guess: the user is asked. A name in the map is taken as it stands. */
#include "import/columns.h"

#include "base/column_map.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/unicode.h"
#include "spec/common.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define HOW "say it with --columns, such as --columns table=NAME,rows=NAME,dim=NAME"

struct role {
    const char *key; /* in the map */
    bool needed;
    const char *usual[8];
};

static const struct role roles[TP_COLUMN_COUNT] = {
    [TP_COLUMN_TABLE] = {"table", true, {"name", "table", "table_name"}},
    [TP_COLUMN_ROWS] = {"rows", true,
        {"rows", "num_embeddings", "cardinality", "hash_size", "num_rows"}},
    [TP_COLUMN_DIM] = {"dim", true, {"dim", "embedding_dim", "width"}},
    [TP_COLUMN_FEATURES] = {"features", false, {"feature", "features", "feature_names"}},
    [TP_COLUMN_POOLING] = {"pooling", false, {"pooling", "pooling_factor", "avg_pooling"}},
};

struct search {
    const char *path;
    const struct tp_csv_record *header;
    int32_t field_count;
    struct tp_column_entry wishes[TP_COLUMN_COUNT]; /* .text is NULL: nothing said */
    struct tp_error *err;
};

static enum tp_status fail_columns(const struct search *s, const char *problem, ...)
    TP_PRINTF(2, 3);
static enum tp_status fail_columns(const struct search *s, const char *problem, ...)
{
    char message[512];
    struct tp_text names = {0};
    va_list args;
    va_start(args, problem);
    tp_format(message, sizeof message, problem, args);
    va_end(args);
    tp_column_names_add(&names, s->header);
    enum tp_status status = names.failed ? tp_fail_memory(s->err)
                                         : tp_fail(s->err, TP_EINPUT, "%s:%zu: %s; %s; " HOW,
                                               s->path, s->header->line, message, names.data);
    tp_text_release(&names);
    return status;
}

static int find_role(const char *key, size_t length)
{
    for (int role = 0; role < TP_COLUMN_COUNT; role++)
        if (strlen(roles[role].key) == length && !strncmp(roles[role].key, key, length))
            return role;
    return -1;
}

static enum tp_status read_wish(struct search *s, const struct tp_column_entry *entry)
{
    int role = entry->column ? find_role(entry->text, entry->key_length) : -1;
    if (role < 0)
        return tp_fail(s->err, TP_EUSAGE,
            "--columns: found '%.*s', expected table, rows, dim, features or pooling, '=' and the "
            "name of a column",
            (int)entry->length, entry->text);
    if (s->wishes[role].text)
        return tp_fail(
            s->err, TP_EUSAGE, "--columns: found '%s' twice, expected it once", roles[role].key);
    if (entry->column_length == 0 && roles[role].needed)
        return tp_fail(s->err, TP_EUSAGE,
            "--columns: found nothing for '%s', expected the name of a column", roles[role].key);
    s->wishes[role] = *entry;
    return TP_OK;
}

static enum tp_status read_map(struct search *s, const char *map)
{
    struct tp_column_entry entry;
    enum tp_status status = TP_OK;
    while (status == TP_OK && tp_column_map_next(&map, &entry))
        status = read_wish(s, &entry);
    return status;
}

static enum tp_status check_header(const struct search *s)
{
    for (int32_t i = 0; i < s->field_count; i++) {
        const char *name = s->header->fields[i];
        const char *problem = *name ? tp_name_problem(name) : NULL;
        if (problem)
            return tp_fail(s->err, TP_EINPUT, "%s:%zu: name of column %d: found %s", s->path,
                s->header->line, (int)i + 1, problem);
    }
    return TP_OK;
}

static bool is_usual(const struct role *role, const char *name)
{
    for (const char *const *usual = role->usual; *usual; usual++) {
        size_t i = 0;
        while (name[i] && tolower((unsigned char)(strchr(" -", name[i]) ? '_' : name[i])) ==
                              (unsigned char)(*usual)[i])
            i++;
        if (!name[i] && !(*usual)[i])
            return true;
    }
    return false;
}

static bool is_candidate(const struct search *s, int role, const char *name)
{
    const struct tp_column_entry *wish = &s->wishes[role];
    if (!wish->text)
        return is_usual(&roles[role], name);
    return wish->column_length && tp_column_entry_is(wish, name);
}

static enum tp_status find_field(const struct search *s, int role, int32_t *field)
{
    const struct tp_column_entry *wish = &s->wishes[role];
    int32_t found = -1, again = -1;
    for (int32_t i = 0; i < s->field_count; i++) {
        if (!is_candidate(s, role, s->header->fields[i]))
            continue;
        again = found < 0 ? again : i;
        found = found < 0 ? i : found;
    }
    *field = found;
    if (again >= 0)
        return fail_columns(s,
            "which column is '%s'? It may be column %d, %.200s, or column %d, %.200s",
            roles[role].key, (int)found + 1, s->header->fields[found], (int)again + 1,
            s->header->fields[again]);
    if (found < 0 && wish->column_length)
        return fail_columns(s, "no column is named '%.*s'", (int)wish->column_length, wish->column);
    if (found < 0 && roles[role].needed)
        return fail_columns(s, "no column has a name that is usual for '%s'", roles[role].key);
    return TP_OK;
}

static enum tp_status refuse_shared(const struct search *s, const struct tp_columns *columns)
{
    for (int a = 0; a < TP_COLUMN_COUNT; a++)
        for (int b = 0; b < a; b++)
            if (columns->field[a] >= 0 && columns->field[a] == columns->field[b] && roles[a].needed)
                return tp_fail(s->err, TP_EUSAGE,
                    "--columns: found '%s' for both %s and %s, expected different columns",
                    s->header->fields[columns->field[a]], roles[b].key, roles[a].key);
    return TP_OK;
}

/* A note is one line, whatever a quoted field holds. */
static void end_note(struct tp_text *notes, size_t start)
{
    if (notes->length > start)
        tp_utf8_clean(notes->data + start, "");
    tp_text_add(notes, "\n");
}

static void add_notes(
    const struct search *s, const struct tp_columns *columns, struct tp_text *notes)
{
    const char *before = "ignored columns: ";
    size_t start = notes->length;
    tp_text_add(notes, "columns: ");
    for (int role = 0; role < TP_COLUMN_COUNT; role++) {
        int32_t field = columns->field[role];
        tp_text_add(notes, "%s%s = %s", role ? ", " : "", roles[role].key,
            field >= 0                   ? s->header->fields[field]
            : role == TP_COLUMN_FEATURES ? "(none: named as the table)"
                                         : "(none: 1)");
    }
    end_note(notes, start);
    start = notes->length;
    for (int32_t i = 0; i < s->field_count; i++) {
        bool used = false;
        for (int role = 0; role < TP_COLUMN_COUNT; role++)
            used = used || columns->field[role] == i;
        if (used)
            continue;
        tp_text_add(notes, "%s%s", before, s->header->fields[i]);
        before = ", ";
    }
    if (*before == ',')
        end_note(notes, start);
}

enum tp_status tp_columns_find(const char *path, const struct tp_csv_record *header,
    const char *map, struct tp_columns *columns, struct tp_text *notes, struct tp_error *err)
{
    struct search s = {.path = tp_path_shown(path),
        .header = header,
        .field_count = (int32_t)header->field_count, /* fewer than bytes in a record */
        .err = err};
    enum tp_status status = read_map(&s, map);
    if (status == TP_OK)
        status = check_header(&s);
    for (int role = 0; status == TP_OK && role < TP_COLUMN_COUNT; role++)
        status = find_field(&s, role, &columns->field[role]);
    if (status == TP_OK)
        status = refuse_shared(&s, columns);
    if (status == TP_OK)
        add_notes(&s, columns, notes);
    return status;
}
