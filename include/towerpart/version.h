/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TOWERPART_VERSION_H
#define TOWERPART_VERSION_H

#define TP_VERSION "0.1.0"

#endif
