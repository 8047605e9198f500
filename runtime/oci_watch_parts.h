/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMMURE_RUNTIME_OCI_WATCH_PARTS_H
#define IMMURE_RUNTIME_OCI_WATCH_PARTS_H

/* What the files of oci_watch share. Nobody else includes it. */

#include "audit/evidence.h"
#include "runtime/notify.h"
#include "runtime/oci_watch.h"
#include "runtime/run_folder.h"

#define OCI_LISTENERS_MAX 32
#define OCI_WATCH_SOCKET "watch.sock"
/* Behind its filter a process can wake nobody: look again soon, for that short time. */
#define OCI_LOOK_MS 1

/* What the monitor has. */
struct oci_monitor {
	const struct oci_watch *watch;
	struct run_folder folder;
	struct event_log log;
	struct evidence evidence;
	struct denial_table denials;
	struct notify listeners[OCI_LISTENERS_MAX];
	size_t n_listeners;
	struct strbuf text; /* reused */
	pid_t pid;          /* of the container's process */
	int pidfd;
	int from_child; /* struct oci_say */
	int socket;     /* exec connects here */
	int timer;      /* of limits.wall, or -1 */
	bool armed;     /* `start` was called */
	bool started;   /* the program runs */
	bool out_of_time;
	struct err lost; /* code set: recording failed at some point */
};

must_check int oci_record_start(struct oci_monitor *m, struct err *err);
/* The container's process is about to execute, and waits. */
void oci_record_confined(struct oci_monitor *m);
/* Its program runs. */
void oci_record_running(struct oci_monitor *m);
/* The process waits for it. Returns false if who it is cannot be read or written down: it is not to
 * run. */
bool oci_record_entry(struct oci_monitor *m, const struct oci_watch_entry *entry);
/* The end: seal the log. Without a start there is nothing to tell, and the folder goes. */
void oci_record_end(struct oci_monitor *m);

/* True once a process executed a program (PF_FORKNOEXEC of proc(5)), or is gone. */
bool oci_has_executed(pid_t pid);

#endif
