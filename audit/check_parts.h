/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_AUDIT_CHECK_PARTS_H
#define IMMURE_AUDIT_CHECK_PARTS_H

/* What the files of checks share. Nobody else includes it. */

#include "audit/check.h"

/* Fill a finding. A NULL text means out of memory, and is noted as that. */
void judged(struct judge *judge, struct finding *ret, enum finding_status status,
	    enum evidence_level level, const char *const texts[3]);

/* Expected, observed, source: judged(j, ret, FINDING_PASS, LEVEL_KERNEL, TEXTS("ro", "ro", "x")) */
#define TEXTS(expected, observed, source) \
	((const char *const[3]){ (expected), (observed), (source) })

/* The same at level E3, from events: a pass that needs them all is not proven when some are lost.
 */
void judged_by_events(struct judge *judge, struct finding *ret, enum finding_status status,
		      const char *const texts[3]);

/* Not proven: it could not be read. */
void judged_unread(struct judge *judge, struct finding *ret, const char *expected,
		   const char *source);

/* The option that left a layer out of this run becomes the place of the finding. */
void note_left_out(struct judge *judge, struct finding *ret, const json_t *entry);

/* Failed, if the ledger says that the layer is not there at all. */
bool judged_lost(struct judge *judge, struct finding *ret, const char *layer, const char *expected);

/* A value of the evidence, as text, or NULL. */
const char *evidence_text(const struct judge *judge, const char *key);

/* The mount on a point that is on top, or NULL. */
const struct proc_mount *mount_on(const struct judge *judge, const char *point);
bool has_option(const char *options, const char *name);

/* Does the program have only a loopback of its own? Unknown is no. */
bool is_network_alone(const struct judge *judge);

/* What there was of a kind among the events. Never NULL. */
const struct sighting *seen(const struct judge *judge, enum sighting_kind kind);

void check_namespace(struct judge *j, const struct control *control, struct finding *ret);
void check_capabilities(struct judge *j, const struct control *control, struct finding *ret);
void check_seccomp(struct judge *j, const struct control *control, struct finding *ret);
void check_no_new_privs(struct judge *j, const struct control *control, struct finding *ret);
void check_not_root(struct judge *j, const struct control *control, struct finding *ret);
void check_apparmor(struct judge *j, const struct control *control, struct finding *ret);
void check_selinux(struct judge *j, const struct control *control, struct finding *ret);
void check_mac(struct judge *j, const struct control *control, struct finding *ret);
void check_not_privileged(struct judge *j, const struct control *control, struct finding *ret);
void check_rlimits(struct judge *j, const struct control *control, struct finding *ret);
void check_pids(struct judge *j, const struct control *control, struct finding *ret);
void check_cgroup_memory(struct judge *j, const struct control *control, struct finding *ret);
void check_cgroup_cpu(struct judge *j, const struct control *control, struct finding *ret);
void check_cgroup_place(struct judge *j, const struct control *control, struct finding *ret);
void check_read_only_root(struct judge *j, const struct control *control, struct finding *ret);
void check_private_mounts(struct judge *j, const struct control *control, struct finding *ret);
void check_nosuid(struct judge *j, const struct control *control, struct finding *ret);
void check_noexec(struct judge *j, const struct control *control, struct finding *ret);
void check_runtime_sockets(struct judge *j, const struct control *control, struct finding *ret);
void check_system_folders(struct judge *j, const struct control *control, struct finding *ret);
void check_devices(struct judge *j, const struct control *control, struct finding *ret);
void check_pinned_image(struct judge *j, const struct control *control, struct finding *ret);
void check_no_sshd(struct judge *j, const struct control *control, struct finding *ret);
void check_low_ports(struct judge *j, const struct control *control, struct finding *ret);
void check_open_ports(struct judge *j, const struct control *control, struct finding *ret);
void check_bound_ports(struct judge *j, const struct control *control, struct finding *ret);
void check_egress(struct judge *j, const struct control *control, struct finding *ret);
void check_flows(struct judge *j, const struct control *control, struct finding *ret);
void check_entered_privileged(struct judge *j, const struct control *control, struct finding *ret);
void check_entered_root(struct judge *j, const struct control *control, struct finding *ret);
void check_anomaly_process(struct judge *j, const struct control *control, struct finding *ret);
void check_anomaly_call(struct judge *j, const struct control *control, struct finding *ret);
void check_own_folders(struct judge *j, const struct control *control, struct finding *ret);
void check_anomaly_destination(struct judge *j, const struct control *control, struct finding *ret);
void check_events(struct judge *j, const struct control *control, struct finding *ret);
void check_on_record(struct judge *j, const struct control *control, struct finding *ret);
void check_ledger(struct judge *j, const struct control *control, struct finding *ret);
void check_landlock(struct judge *j, const struct control *control, struct finding *ret);
void check_health(struct judge *j, const struct control *control, struct finding *ret);
void check_restart(struct judge *j, const struct control *control, struct finding *ret);
void check_runtime_version(struct judge *j, const struct control *control, struct finding *ret);
void check_manual(struct judge *j, const struct control *control, struct finding *ret);
void check_not_applicable(struct judge *j, const struct control *control, struct finding *ret);
void check_host_at_least(struct judge *j, const struct control *control, struct finding *ret);
void check_host_at_most(struct judge *j, const struct control *control, struct finding *ret);
void check_host_cgroup(struct judge *j, const struct control *control, struct finding *ret);
void check_host_core(struct judge *j, const struct control *control, struct finding *ret);
void check_host_cpu(struct judge *j, const struct control *control, struct finding *ret);
void check_host_mac(struct judge *j, const struct control *control, struct finding *ret);
void check_host_modules(struct judge *j, const struct control *control, struct finding *ret);
void check_host_sockets(struct judge *j, const struct control *control, struct finding *ret);
void check_host_word(struct judge *j, const struct control *control, struct finding *ret);

#endif
