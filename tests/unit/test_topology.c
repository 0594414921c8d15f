/* SPDX-License-Identifier: Apache-2.0 */
/* The topology spec: what is read, what is refused and where, what is written, where ranks meet. The
 * lines and columns of the bad cases are counted by hand in `good`. */
#include "spec/spec.h"

#include "spec_text.h"

#include <stdio.h>

static struct tp_topology *topology;
static struct tp_error err;

static void set_up(void)
{
    topology = NULL;
    memset(&err, 0, sizeof err);
}

static void tear_down(void)
{
    tp_topology_free(topology);
}

static enum tp_status read_bytes(const char *text, size_t length, struct tp_topology **to)
{
    struct tp_yaml *yaml = NULL;
    enum tp_status status = tp_yaml_parse(text, length, "t", &yaml, &err);
    if (status == TP_OK)
        status = tp_topology_read(yaml, tp_yaml_root(yaml), to, &err);
    tp_yaml_free(yaml);
    return status;
}

static void read_good(const char *text, struct tp_topology **to)
{
    enum tp_status status = read_bytes(text, strlen(text), to);
    ck_assert_msg(status == TP_OK, "%s", err.text);
}

static char *written(const struct tp_topology *from)
{
    struct tp_text text = {0};
    struct tp_yaml_out *out = tp_yaml_out_new();
    ck_assert_ptr_nonnull(out);
    tp_topology_write(from, out);
    ck_assert_int_eq(tp_yaml_out_finish(out, &text, &err), TP_OK);
    return text.data;
}

/* 4 ranks per host, 6 hosts per rack, 2 racks: 48 ranks on 12 hosts. */
static const char good[] = "towerpart_topology: 1\n"                       /* line 1 */
                           "name: small\n"                                 /* 2 */
                           "hosts_per_tower: 2\n"                          /* 3 */
                           "device:\n"                                     /* 4 */
                           "  memory_bytes: 1000\n"                        /* 5 */
                           "  reserve: 0.25\n"                             /* 6 */
                           "  memory_bytes_per_s: 2.0e+12\n"               /* 7 */
                           "  flops_per_s: 1.5e+14\n"                      /* 8 */
                           "levels:\n"                                     /* 9 */
                           "  - name: host\n"                              /* 10 */
                           "    fanout: 4\n"                               /* 11 */
                           "    bytes_per_s: 3.0e+11\n"                    /* 12 */
                           "    latency_s: 3.0e-6\n"                       /* 13 */
                           "  - name: rack\n"                              /* 14 */
                           "    fanout: 6\n"                               /* 15 */
                           "    bytes_per_s: 2.5e+10\n"                    /* 16 */
                           "    uplink_bytes_per_s: 8.0e+10\n"             /* 17 */
                           "    latency_s: 1.0e-5\n"                       /* 18 */
                           "    alltoall: [[8, 2.0e+10], [24, 1.5e+10]]\n" /* 19 */
                           "  - name: pod\n"                               /* 20 */
                           "    fanout: 2\n"                               /* 21 */
                           "    bytes_per_s: 2.4e+10\n"                    /* 22 */
                           "    latency_s: 0.0\n"                          /* 23 */
                           "    allreduce: [[48, 1.0e+11]]\n"              /* 24 */
                           "hosts:\n"                                      /* 25 */
                           "  - index: 3\n"                                /* 26 */
                           "    memory_bytes: 800\n"                       /* 27 */
                           "  - index: 11\n"                               /* 28 */
                           "    uplink_bytes_per_s: 1.0e+10\n";            /* 29 */

START_TEST(everything_in_the_file_is_read)
{
    read_good(good, &topology);
    ck_assert_str_eq(topology->name, "small");
    ck_assert_int_eq(topology->hosts_per_tower, 2);
    ck_assert_int_eq(topology->device.memory_bytes, 1000);
    ck_assert(topology->device.reserve == 0.25);
    ck_assert(topology->device.memory_bytes_per_s == 2e12);
    ck_assert(topology->device.flops_per_s == 1.5e14);
    ck_assert_int_eq(topology->level_count, 3);
    ck_assert_str_eq(topology->levels[1].name, "rack");
    ck_assert_int_eq(topology->levels[1].fanout, 6);
    ck_assert(topology->levels[1].bytes_per_s == 2.5e10);
    ck_assert(topology->levels[1].uplink_bytes_per_s == 8e10);
    ck_assert(topology->levels[1].latency_s == 1e-5);
    ck_assert_int_eq(topology->levels[1].alltoall.count, 2);
    ck_assert(topology->levels[1].alltoall.points[1].world == 24.0);
    ck_assert(topology->levels[1].alltoall.points[1].bytes_per_s == 1.5e10);
    ck_assert_int_eq(topology->levels[1].allreduce.count, 0);
    ck_assert_int_eq(topology->levels[2].allreduce.count, 1);
    ck_assert(topology->levels[2].uplink_bytes_per_s == 0.0);
}
END_TEST

START_TEST(the_numbers_of_ranks_follow_from_the_levels)
{
    read_good(good, &topology);
    ck_assert_int_eq(topology->rank_count, 48);
    ck_assert_int_eq(topology->ranks_per_host, 4);
    ck_assert_int_eq(topology->host_count, 12);
    ck_assert_int_eq(tp_topology_ranks_per_tower(topology), 8);
    ck_assert_int_eq(tp_topology_towers(topology), 6);
    ck_assert_int_eq(tp_topology_group(topology, 0), 4);
    ck_assert_int_eq(tp_topology_group(topology, 1), 24);
    ck_assert_int_eq(tp_topology_group(topology, 2), 48);
}
END_TEST

START_TEST(hosts_are_as_the_device_unless_listed)
{
    read_good(good, &topology);
    for (int i = 0; i < 12; i++) {
        ck_assert_int_eq(topology->hosts[i].memory_bytes, i == 3 ? 800 : 1000);
        ck_assert(topology->hosts[i].uplink_bytes_per_s == (i == 11 ? 1e10 : 8e10));
    }
    /* Ranks 12..15 are on host 3; three quarters of the memory may be used. */
    ck_assert_int_eq(tp_topology_rank_capacity(topology, 11), 750);
    ck_assert_int_eq(tp_topology_rank_capacity(topology, 12), 600);
    ck_assert_int_eq(tp_topology_rank_capacity(topology, 15), 600);
    ck_assert_int_eq(tp_topology_rank_capacity(topology, 16), 750);
}
END_TEST

/* The slow way: write down the group of each rank at each level, and look for the first that agrees. */
START_TEST(two_ranks_meet_at_the_lowest_level_that_holds_both)
{
    read_good(good, &topology);
    for (int a = 0; a < 48; a++) {
        for (int b = 0; b < 48; b++) {
            if (a == b)
                continue;
            int expected = a / 4 == b / 4 ? 0 : a / 24 == b / 24 ? 1 : 2;
            ck_assert_int_eq(tp_topology_joins(topology, a, b), expected);
        }
    }
}
END_TEST

#define ONE_LEVEL                                                                                  \
    "{towerpart_topology: 1, name: t, device: {memory_bytes: 9, memory_bytes_per_s: 1.0, "         \
    "flops_per_s: 2.0}, levels: [{name: box, fanout: 8, bytes_per_s: 5.0, latency_s: 0.5}]"

START_TEST(what_is_left_out_gets_its_default)
{
    read_good(ONE_LEVEL "}", &topology);
    ck_assert_int_eq(topology->hosts_per_tower, 1);
    ck_assert(topology->device.reserve == 0.15);
    ck_assert(topology->device.exchange_s == 0.0);
    ck_assert_int_eq(topology->device.alone.ranks, 0);
    ck_assert(topology->levels[0].uplink_bytes_per_s == 0.0);
    ck_assert_int_eq(topology->host_count, 1);
    ck_assert_int_eq(topology->hosts[0].memory_bytes, 9);
    ck_assert(topology->hosts[0].uplink_bytes_per_s == 0.0);
    /* 9 * 0.85 = 7.65 */
    ck_assert_int_eq(tp_topology_rank_capacity(topology, 7), 7);
}
END_TEST

#define RATE "a finite number such as 2.5 or 1.0e+9, at least 1, at most 1e+30"
#define BYTES "an integer in decimal digits from 1 to 1152921504606846976" /* 2^60 */
#define RANKS "an integer in decimal digits from 1 to 1048576"
#define UNEVEN "hosts with different numbers of ranks are not supported"
#define RATE_0 "    bytes_per_s: 3.0e+11\n"

static const struct {
    const char *from, *to, *message;
} bad[] = {
    {"towerpart_topology: 1", "towerpart_topology: 1.0",
        "t:1:21: towerpart_topology: found '1.0', expected 1, "},
    {"towerpart_topology: 1\n", "", "t:1:1: found no key 'towerpart_topology', expected"},
    {"name: small\n", "", "t:1:1: found no key 'name', expected name: a text"},
    {"name: small", "nmae: small",
        "t:2:1: nmae: found an unknown key, expected one of these: towerpart_topology, name, "
        "hosts_per_tower, device, levels and hosts"},
    {"name: small", "name: \"a\\nb\"", "t:2:7: name: found a control character, expected a name"},
    {"name: small\n", "name: small\n---\n", "t:3:1: found a second document, expected one"},
    {"name: small\n", "name: &x small\n", "t:2:7: found an anchor (&), expected"},
    {"name: small\n", "name: !!str small\n", "t:2:7: found a tag (!), expected"},
    {"hosts_per_tower: 2", "hosts_per_tower: 5",
        "t:3:18: hosts_per_tower: found '5', expected a divisor of the number of hosts, 12"},
    {"hosts_per_tower: 2", "hosts_per_tower: 24",
        "t:3:18: hosts_per_tower: found '24', expected a divisor of the number of hosts, 12"},
    {"hosts_per_tower: 2", "hosts_per_tower: 0",
        "t:3:18: hosts_per_tower: found '0', expected " RANKS},
    /* the device */
    {"memory_bytes: 1000", "memory_bytes: 80GB",
        "t:5:17: device.memory_bytes: found '80GB', expected " BYTES},
    {"memory_bytes: 1000", "memory_bytes: 8e10",
        "t:5:17: device.memory_bytes: found '8e10', expected " BYTES},
    {"memory_bytes: 1000", "memory_bytes: 0",
        "t:5:17: device.memory_bytes: found '0', expected " BYTES},
    {"  memory_bytes: 1000\n", "",
        "t:5:3: device: found no key 'memory_bytes', expected memory_bytes: " BYTES},
    {"reserve: 0.25", "reserve: 1.0",
        "t:6:12: device.reserve: found a reserve of 1, expected less than 1"},
    {"reserve: 0.25", "reserve: -0.1",
        "t:6:12: device.reserve: found '-0.1', expected a finite number"},
    {"reserve: 0.25", "reserve: 15%",
        "t:6:12: device.reserve: found '15%', expected a finite number"},
    {"2.0e+12", "nan", "t:7:23: device.memory_bytes_per_s: found 'nan', expected " RATE},
    {"2.0e+12", "1e999", "t:7:23: device.memory_bytes_per_s: found '1e999', expected " RATE},
    {"2.0e+12", "0", "t:7:23: device.memory_bytes_per_s: found '0', expected " RATE},
    {"2.0e+12", "2TB", "t:7:23: device.memory_bytes_per_s: found '2TB', expected " RATE},
    {"1.5e+14\n",
        "1.5e+14\n  alone: {ranks: 2, memory_bytes_per_s: 3.0e+12, flops_per_s: 1.4e+14}\n",
        "t:9:63: device.alone.flops_per_s: found '1.4e+14', expected a finite number"},
    {"1.5e+14\n", "1.5e+14\n  alone: {ranks: 0}\n", "t:9:18: device.alone.ranks: found '0'"},
    {"1.5e+14\n", "1.5e+14\n  alone: {ranks: 2}\n",
        "device.alone: found no key 'memory_bytes_per_s'"},
    {"1.5e+14\n", "1.5e+14\n  exchange_s: -1\n",
        "t:9:15: device.exchange_s: found '-1', expected a finite number"},
    {"  flops_per_s: 1.5e+14\n", "",
        "t:5:3: device: found no key 'flops_per_s', expected flops_per_s: " RATE},
    {"device:\n", "gadget:\n", "t:4:1: gadget: found an unknown key, expected one of these"},
    /* levels */
    {"    fanout: 4\n", "    fanout: 0\n", "t:11:13: levels[0].fanout: found '0', expected " RANKS},
    {"    fanout: 4\n", "    fanout: 04\n",
        "t:11:13: levels[0].fanout: found '04', expected " RANKS},
    {"    fanout: 4\n", "    fanout: '4'\n",
        "t:11:13: levels[0].fanout: found '4' in quotes, expected " RANKS},
    {"    fanout: 4\n", "    fanout: [4, 8]\n",
        "t:11:13: levels[0].fanout: found a list, expected one number: " UNEVEN},
    {"    fanout: 4\n", "", "t:10:5: levels[0]: found no key 'fanout', expected fanout: " RANKS},
    /* 4 * 6 = 24 ranks below the pod; 43690 pods are the most that fit in 2^20. */
    {"    fanout: 2\n", "    fanout: 43691\n",
        "t:21:13: levels[2].fanout: found a fanout of 43691 over 24 ranks, expected at most "
        "1048576"},
    {"name: rack", "name: host",
        "t:14:11: levels[1].name: found the level 'host' a second time (first in line 10)"},
    {"3.0e+11", "-3.0e+11", "t:12:18: levels[0].bytes_per_s: found '-3.0e+11', expected " RATE},
    {RATE_0, RATE_0 "    uplink_bytes_per_s: 1.0e+9\n",
        "t:13:25: levels[0].uplink_bytes_per_s: found an uplink of the innermost level, expected "
        "none"},
    {"3.0e-6", "-3.0e-6",
        "t:13:16: levels[0].latency_s: found '-3.0e-6', expected a finite number such as "
        "2.5 or 1.0e+9, at least 0"},
    {"3.0e-6", "3us", "t:13:16: levels[0].latency_s: found '3us', expected a finite number"},
    {"    latency_s: 0.0\n", "",
        "t:20:5: levels[2]: found no key 'latency_s', expected latency_s: a finite"},
    {"[[8, 2.0e+10], [24, 1.5e+10]]", "[]",
        "t:19:15: levels[1].alltoall: found a list of 0, expected at least 1"},
    {"[8, 2.0e+10]", "[8]",
        "t:19:16: levels[1].alltoall[0]: found a list of 1, expected at least 2"},
    {"[8, 2.0e+10]", "[8, 1.0, 2.0]",
        "t:19:16: levels[1].alltoall[0]: found a list of 3, expected a pair"},
    {"[8, 2.0e+10]", "8", "t:19:16: levels[1].alltoall[0]: found '8', expected a list"},
    {"[24, 1.5e+10]", "[8, 1.5e+10]",
        "t:19:31: levels[1].alltoall[1][0]: found the world size 8 after 8, expected ascending "
        "ones"},
    {"[24, 1.5e+10]", "[7, 1.5e+10]",
        "t:19:31: levels[1].alltoall[1][0]: found the world size 7 after 8, expected ascending "
        "ones"},
    {"[24, 1.5e+10]", "[24.5, 1.5e+10]",
        "t:19:31: levels[1].alltoall[1][0]: found '24.5', expected " RANKS},
    {"[24, 1.5e+10]", "[24, .inf]",
        "t:19:35: levels[1].alltoall[1][1]: found '.inf', expected " RATE},
    /* hosts */
    {"index: 11", "index: 12",
        "t:28:12: hosts[1].index: found '12', expected an integer in decimal digits from 0 to 11"},
    {"index: 11", "index: 3",
        "t:28:12: hosts[1].index: found host 3 a second time, expected every host once"},
    {"    memory_bytes: 800", "    memory_bytes: 0",
        "t:27:19: hosts[0].memory_bytes: found '0', expected " BYTES},
    {"    memory_bytes: 800", "    memory: 800",
        "t:27:5: hosts[0].memory: found an unknown key, expected one of these: index, memory_bytes "
        "and "
        "uplink_bytes_per_s"},
    {"    memory_bytes: 800", "    ranks: 2",
        "t:27:5: hosts[0].ranks: found a key that cannot be honoured, expected none: " UNEVEN},
    {"    memory_bytes: 800", "    ranks_per_host: 2", UNEVEN},
    {"    memory_bytes: 800", "    fanout: 2", UNEVEN},
    {"    memory_bytes: 800", "    devices: 2", UNEVEN},
    {"  - index: 3\n", "  - 3\n  - index: 3\n",
        "t:26:5: hosts[0]: found '3', expected a mapping with the keys index, memory_bytes and"},
    {"  reserve: 0.25\n", "  host_memory_bytes: 1\n",
        "t:6:3: device.host_memory_bytes: found a key that cannot be honoured, expected none: "
        "host-memory"},
};

START_TEST(a_broken_rule_is_refused_with_place_found_and_expected)
{
    char *text = replaced(good, bad[_i].from, bad[_i].to);
    enum tp_status status = read_bytes(text, strlen(text), &topology);
    free(text);
    ck_assert_int_eq(status, TP_EINPUT);
    ck_assert_ptr_null(topology);
    ck_assert_msg(
        strstr(err.text, bad[_i].message) != NULL, "%s\nis not in\n%s", bad[_i].message, err.text);
}
END_TEST

START_TEST(a_single_host_has_no_uplink)
{
    const char text[] = ONE_LEVEL ", hosts: [{index: 0, uplink_bytes_per_s: 1.0}]}";
    ck_assert_int_eq(read_bytes(text, strlen(text), &topology), TP_EINPUT);
    ck_assert_ptr_nonnull(
        strstr(err.text, "hosts[0].uplink_bytes_per_s: found an uplink of the only host"));
}
END_TEST

/* Eight levels of fanout 4, 4, ... are 2^16 ranks; a ninth is one too many. */
START_TEST(there_are_one_to_eight_levels)
{
    for (int count = 0; count <= 9; count++) {
        char text[2000] = "{towerpart_topology: 1, name: t, device: {memory_bytes: 9, "
                          "memory_bytes_per_s: 1.0, flops_per_s: 2.0}, levels: [";
        for (int i = 0; i < count; i++)
            sprintf(text + strlen(text),
                "{name: l%d, fanout: 4, bytes_per_s: 5.0, latency_s: 0.5}, ", i);
        strcat(text, "]}");
        enum tp_status status = read_bytes(text, strlen(text), &topology);
        ck_assert_int_eq(status, count >= 1 && count <= 8 ? TP_OK : TP_EINPUT);
        tp_topology_free(topology);
        topology = NULL;
    }
    ck_assert_ptr_nonnull(strstr(err.text, "levels: found 9 levels, expected at most 8"));
}
END_TEST

/* Ends only behind the levels and behind the hosts leave a whole document. */
START_TEST(a_file_cut_anywhere_is_refused_unless_whole)
{
    static const char text[] =
        "towerpart_topology: 1\n"
        "name: small\n"
        "device: {memory_bytes: 1000, memory_bytes_per_s: 2.0e+12, flops_per_s: 1.5e+14}\n"
        "levels:\n"
        "  - {name: host, fanout: 4, bytes_per_s: 3.0e+11, latency_s: 3.0e-6}\n"
        "  - {name: net, fanout: 2, bytes_per_s: 3.0e+10, latency_s: 3.0e-6, alltoall: [[8, "
        "9.0]]}\n"
        "hosts: [{index: 1, memory_bytes: 500}]\n";
    static const char *const whole[] = {
        "3.0e+11, latency_s: 3.0e-6}", "[[8, 9.0]]}", "memory_bytes: 500}]", NULL};
    int whole_count = 0;
    for (size_t length = 0; length <= strlen(text); length++) {
        char *part = malloc(length + 1);
        memcpy(part, text, length);
        part[length] = '\0';
        enum tp_status status = read_bytes(part, length, &topology);
        int expected = ends_behind(text, length, whole);
        /* Behind the first level's line break come two blanks, which are harmless, and the next
         * level's dash, which alone is an empty item. */
        const char *second = strstr(text, "  - {name: net");
        size_t blanks = (size_t)(second - text);
        if (length == blanks + 1 || length == blanks + 2)
            expected = 1;
        ck_assert_msg((status == TP_OK) == expected, "cut at %zu: %s", length, err.text);
        ck_assert(status == TP_OK || status == TP_EINPUT);
        whole_count += expected;
        tp_topology_free(topology);
        topology = NULL;
        free(part);
    }
    ck_assert_int_eq(whole_count, 8);
}
END_TEST

START_TEST(a_resolved_topology_is_written_in_full)
{
    read_good(good, &topology);
    char *text = written(topology);
    ck_assert_str_eq(text, "towerpart_topology: 1\n"
                           "name: small\n"
                           "hosts_per_tower: 2\n"
                           "device:\n"
                           "  memory_bytes: 1000\n"
                           "  reserve: 0.25\n"
                           "  memory_bytes_per_s: 2.0e+12\n"
                           "  flops_per_s: 1.5e+14\n"
                           "levels:\n"
                           "- {name: host, fanout: 4, bytes_per_s: 3.0e+11, latency_s: 3.0e-06}\n"
                           "- name: rack\n"
                           "  fanout: 6\n"
                           "  bytes_per_s: 2.5e+10\n"
                           "  uplink_bytes_per_s: 8.0e+10\n"
                           "  latency_s: 1.0e-05\n"
                           "  alltoall: [[8, 2.0e+10], [24, 1.5e+10]]\n"
                           "- name: pod\n"
                           "  fanout: 2\n"
                           "  bytes_per_s: 2.4e+10\n"
                           "  latency_s: 0.0\n"
                           "  allreduce: [[48, 1.0e+11]]\n"
                           "hosts:\n"
                           "- {index: 3, memory_bytes: 800}\n"
                           "- {index: 11, uplink_bytes_per_s: 1.0e+10}\n");
    free(text);
}
END_TEST

static const char *const round_trips[] = {good, ONE_LEVEL "}", ONE_LEVEL ", hosts: []}",
    ONE_LEVEL ", hosts: [{index: 0, memory_bytes: 1152921504606846976}]}",
    "{towerpart_topology: 1, name: t, device: {memory_bytes: 9, memory_bytes_per_s: 1.0, "
    "flops_per_s: 2.0, exchange_s: 1.5e-3, alone: {ranks: 4, "
    "memory_bytes_per_s: 7.5, flops_per_s: 8.5}}, levels: [{name: box, fanout: 8, bytes_per_s: "
    "5.0, "
    "latency_s: 0.5}]}"};

START_TEST(what_is_written_reads_back_the_same)
{
    struct tp_text lines = {0};
    struct tp_topology *again = NULL;
    read_good(round_trips[_i], &topology);
    char *text = written(topology);
    read_good(text, &again);
    char *text_again = written(again);
    ck_assert_str_eq(text, text_again);
    tp_topology_drift(topology, again, &lines);
    ck_assert_uint_eq(lines.length, 0);
    tp_topology_free(again);
    free(text);
    free(text_again);
}
END_TEST

START_TEST(a_copy_is_equal_and_independent)
{
    struct tp_topology *copy;
    read_good(good, &topology);
    char *text = written(topology);
    ck_assert_int_eq(tp_topology_copy(topology, &copy, &err), TP_OK);
    tp_topology_free(topology);
    topology = copy;
    char *text_of_copy = written(copy);
    ck_assert_str_eq(text, text_of_copy);
    ck_assert_int_eq(copy->rank_count, 48);
    free(text);
    free(text_of_copy);
}
END_TEST

static const struct {
    const char *from, *to, *lines;
} drifts[] = {
    {"hosts_per_tower: 2", "hosts_per_tower: 3", ""},
    {"name: small", "name: big", "name small -> big\n"},
    {"memory_bytes: 1000", "memory_bytes: 2000", "device: memory_bytes 1000 -> 2000\n"},
    {"reserve: 0.25", "reserve: 0.5", "device: reserve 0.25 -> 0.5\n"},
    {"  flops_per_s: 1.5e+14\n", "  flops_per_s: 1.5e+14\n  exchange_s: 0.002\n",
        "device: exchange_s 0.0 -> 0.002\n"},
    {"  flops_per_s: 1.5e+14\n",
        "  flops_per_s: 1.5e+14\n  alone: {ranks: 2, memory_bytes_per_s: 3.0e+12, flops_per_s: "
        "2.5e+14}\n",
        "device: alone: ranks 0 -> 2\ndevice: alone: memory_bytes_per_s 0.0 -> 3.0e+12\n"
        "device: alone: flops_per_s 0.0 -> 2.5e+14\n"},
    {"name: rack", "name: row", "level 1: name rack -> row\n"},
    {"fanout: 2", "fanout: 3", "level pod: fanout 2 -> 3\n"},
    {"2.5e+10", "5.0e+10", "level rack: bytes_per_s 2.5e+10 -> 5.0e+10\n"},
    {"8.0e+10", "9.0e+10", "level rack: uplink_bytes_per_s 8.0e+10 -> 9.0e+10\n"},
    {"[24, 1.5e+10]", "[24, 1.6e+10]", "level rack: alltoall curve changed\n"},
    {"[[48, 1.0e+11]]", "[[24, 1.0e+11], [48, 1.0e+11]]", "level pod: allreduce curve changed\n"},
    {"memory_bytes: 800", "memory_bytes: 900", "host 3: memory_bytes 800 -> 900\n"},
    {"index: 11", "index: 10",
        "host 10: uplink_bytes_per_s 8.0e+10 -> 1.0e+10\n"
        "host 11: uplink_bytes_per_s 1.0e+10 -> 8.0e+10\n"},
};

START_TEST(drift_lists_what_changed)
{
    struct tp_text lines = {0};
    struct tp_topology *changed = NULL;
    char *text = replaced(good, drifts[_i].from, drifts[_i].to);
    read_good(good, &topology);
    read_good(text, &changed);
    tp_topology_drift(topology, changed, &lines);
    ck_assert_str_eq(lines.data ? lines.data : "", drifts[_i].lines);
    tp_topology_free(changed);
    tp_text_release(&lines);
    free(text);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

int main(void)
{
    TCase *tcase = tcase_create("topology");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, everything_in_the_file_is_read);
    tcase_add_test(tcase, the_numbers_of_ranks_follow_from_the_levels);
    tcase_add_test(tcase, hosts_are_as_the_device_unless_listed);
    tcase_add_test(tcase, two_ranks_meet_at_the_lowest_level_that_holds_both);
    tcase_add_test(tcase, what_is_left_out_gets_its_default);
    tcase_add_loop_test(
        tcase, a_broken_rule_is_refused_with_place_found_and_expected, 0, COUNT(bad));
    tcase_add_test(tcase, a_single_host_has_no_uplink);
    tcase_add_test(tcase, there_are_one_to_eight_levels);
    tcase_add_test(tcase, a_file_cut_anywhere_is_refused_unless_whole);
    tcase_add_test(tcase, a_resolved_topology_is_written_in_full);
    tcase_add_loop_test(tcase, what_is_written_reads_back_the_same, 0, COUNT(round_trips));
    tcase_add_test(tcase, a_copy_is_equal_and_independent);
    tcase_add_loop_test(tcase, drift_lists_what_changed, 0, COUNT(drifts));
    Suite *suite = suite_create("topology");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
