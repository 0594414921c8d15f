/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the reader of TorchRec plans share: plan_torchrec.c and plan_towers.c. */
#ifndef TP_IMPORT_TORCHREC_PLAN_H
#define TP_IMPORT_TORCHREC_PLAN_H

#include <stdint.h>

#include <towerpart/plan.h>

#include "base/text.h"
#include "import/json_read.h"

/* A table's name and its index in the model. */
struct tp_table_name {
    const char *name; /* borrowed from the model */
    int32_t index;
};

struct tp_torchrec {
    struct tp_json json;
    struct tp_plan *plan; /* being filled; its tables are those of the file, in the model's order */
    struct tp_table_name *names; /* (tables of the model) sorted by name */
    int32_t *entry;  /* (tables of the model) index in plan->tables; -1: not in the file */
    json_t *ignored; /* set of the keys that were ignored */
    struct tp_text notes;
    int64_t odd_devices; /* placements whose device number is not that of the rank on its host */
};

/* Index of a table in the model, or -1. */
int32_t tp_torchrec_table(const struct tp_torchrec *r, const char *name);

/* Once the tables are read: makes the towers, sets the tables' towers, K and the strategy. */
enum tp_status tp_torchrec_towers(struct tp_torchrec *r);

#endif
