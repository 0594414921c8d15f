/* SPDX-License-Identifier: Apache-2.0 */
/* Column maps, and the columns that there are.
 *
 * In: a map as it stands on the command line; a header. Out: the map's entries one by one, in place; the
 * header's names for a message, since who asks for a column that is missing wants to see the others.
 * A name of a column cannot hold a comma or, in a key, '='. Cost: linear. */
#include "base/column_map.h"

#include <string.h>

#define NAMES_SHOWN 20
#define NAME_BYTES 200 /* of one of them */

bool tp_column_map_next(const char **rest, struct tp_column_entry *entry)
{
    const char *text = *rest;
    if (!text)
        return false;
    size_t length = strcspn(text, ",");
    const char *equals = memchr(text, '=', length);
    *rest = text[length] ? text + length + 1 : NULL;
    *entry = (struct tp_column_entry){.text = text, .length = length, .key_length = length};
    if (equals) {
        entry->key_length = (size_t)(equals - text);
        entry->column = equals + 1;
        entry->column_length = length - entry->key_length - 1;
    }
    return true;
}

bool tp_column_entry_is(const struct tp_column_entry *entry, const char *column)
{
    return entry->column && strlen(column) == entry->column_length &&
           strncmp(column, entry->column, entry->column_length) == 0;
}

void tp_column_names_add(struct tp_text *text, const struct tp_csv_record *header)
{
    size_t shown = header->field_count < NAMES_SHOWN ? header->field_count : NAMES_SHOWN;
    size_t begin = text->length;
    tp_text_add(text, "columns found: ");
    for (size_t i = 0; i < shown; i++)
        tp_text_add(text, "%s%.*s", i ? ", " : "", NAME_BYTES, header->fields[i]);
    if (shown < header->field_count)
        tp_text_add(text, " and %zu more", header->field_count - shown);
    if (header->field_count == 1 && strpbrk(header->fields[0], ";\t|"))
        tp_text_add(text, " (fields are separated by commas)");
    for (size_t i = begin; i < text->length; i++)
        if (text->data[i] == '\n')
            text->data[i] = '?';
}
