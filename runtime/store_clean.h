/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_STORE_CLEAN_H
#define IMMURE_RUNTIME_STORE_CLEAN_H

#include "runtime/store.h"

/*
 * Remove a folder that immure-unpack has filled.
 *
 *   range  its files belong to subordinate ids: it is done where they are ours
 */
must_check int store_remove_tree(int dir, const char *name, bool range, struct err *err);

#endif
