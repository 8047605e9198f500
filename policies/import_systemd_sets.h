/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_POLICIES_IMPORT_SYSTEMD_SETS_H
#define IMMURE_POLICIES_IMPORT_SYSTEMD_SETS_H

/* Lines of "@set NAME|@set ...": what the sets of systemd's SystemCallFilter= stand for. */
extern const char import_systemd_sets[];

#endif
