/* SPDX-License-Identifier: Apache-2.0 */
/*
 * immure-scope: a container's cgroup as a scope of systemd's. Started by immure-oci, see
 * scope_wire.h; apart from it so that it links no libsystemd.
 * Source: org.freedesktop.systemd1(5); sd-bus(3); systemd.io/CGROUP_DELEGATION
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "runtime/scope_limits.h"
#include "runtime/scope_wire.h"

#define PATIENCE_SECONDS 30
#define SYSTEMD \
	"org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"

/* One conversation: what was asked for, and the job that systemd made of it. */
struct talk {
	sd_bus *bus;
	const char *unit;
	char *const *more; /* what follows the unit; ends with NULL */
	const char *job;   /* owned by the reply that names it */
	bool over;
	char result[32];
	struct scope_answer *answer;
};

static int bus_fault(int r, const sd_bus_error *fault, const char *what, struct err *err)
{
	if (fault && sd_bus_error_is_set(fault))
		return err_set(err, r < 0 ? -r : EIO, "%s: %s", what,
			       fault->message ? fault->message : fault->name);
	return err_sys(err, -r, "%s", what);
}

static int on_job_removed(sd_bus_message *m, void *data, sd_bus_error *fault)
{
	struct talk *t = data;
	const char *job = NULL;
	const char *result = NULL;
	int r = sd_bus_message_read(m, "uoss", NULL, &job, NULL, &result);

	(void)fault;
	if (r < 0 || !t->job || strcmp(job, t->job) != 0)
		return 0;
	snprintf(t->result, sizeof(t->result), "%s", result);
	t->over = true;
	return 0;
}

static int await_job(struct talk *t, const sd_bus_message *reply, struct err *err)
{
	time_t end = time(NULL) + PATIENCE_SECONDS;
	int r = sd_bus_message_read((sd_bus_message *)(uintptr_t)reply, "o", &t->job);

	while (r >= 0 && !t->over) {
		if (time(NULL) > end)
			return err_set(err, ETIMEDOUT, "systemd does not end its work on %s",
				       t->unit);
		r = sd_bus_process(t->bus, NULL);
		if (r == 0)
			r = sd_bus_wait(t->bus, UINT64_C(1000000));
	}
	t->job = NULL;
	if (r < 0)
		return err_sys(err, -r, "cannot hear from systemd");
	if (strcmp(t->result, "done") != 0)
		return err_set(err, EIO, "systemd says of %s: %s", t->unit, t->result);
	return 0;
}

static int connect_bus(const char *name, struct talk *t, struct err *err)
{
	bool user = strcmp(name, "user") == 0;
	int r = user ? sd_bus_open_user(&t->bus) : sd_bus_open_system(&t->bus);

	if (r == -ENOMEDIUM)
		return err_set(
			err, ENOENT,
			"no systemd of the user's: neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set");
	if (r >= 0)
		r = sd_bus_match_signal(t->bus, NULL, SYSTEMD, "JobRemoved", on_job_removed, t);
	return r < 0 ? err_sys(err, -r, "no systemd on the %s bus", name) : 0;
}

static int add_property(sd_bus_message *m, const struct scope_property *p)
{
	int r;

	if (p->n_set == 0)
		return sd_bus_message_append(m, "(sv)", p->name, "t", p->number);
	r = sd_bus_message_open_container(m, 'r', "sv");
	if (r >= 0)
		r = sd_bus_message_append(m, "s", p->name);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'v', "ay");
	if (r >= 0)
		r = sd_bus_message_append_array(m, 'y', p->set, p->n_set);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_close_container(m);
}

static int add_limits(sd_bus_message *m, char *const limits[])
{
	int r = 0;

	for (; r >= 0 && *limits; limits++) {
		struct scope_property p[SCOPE_PROPERTIES_MAX];
		struct span value = span_of(*limits);
		struct span file = span_cut(&value, '=');
		size_t n = scope_limit_read(file, value, p);

		for (size_t i = 0; r >= 0 && i < n; i++)
			r = add_property(m, &p[i]);
	}
	return r;
}

/* A unit that failed is forgotten as well: its name is to be free again. */
static int add_unit(sd_bus_message *m, const struct talk *t)
{
	int r = sd_bus_message_append(m, "ss", t->unit, "fail");

	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = sd_bus_message_append(
			m, "(sv)(sv)(sv)(sv)(sv)", "Description", "s", "a container of immure-oci",
			"PIDs", "au", 1, (uint32_t)getpid(), "Delegate", "b", 1,
			"DefaultDependencies", "b", 0, "CollectMode", "s", "inactive-or-failed");
	if (r >= 0)
		r = sd_bus_message_append(m, "(sv)(sv)(sv)(sv)", "MemoryAccounting", "b", 1,
					  "CPUAccounting", "b", 1, "TasksAccounting", "b", 1,
					  "IOAccounting", "b", 1);
	if (r >= 0 && t->more[0][0])
		r = sd_bus_message_append(m, "(sv)", "Slice", "s", t->more[0]);
	if (r >= 0)
		r = add_limits(m, t->more + 1);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	return r < 0 ? r : sd_bus_message_append(m, "a(sa(sv))", 0);
}

/* Where systemd has put us. Source: cgroups(7), "0::/path" */
static int read_place(struct scope_answer *answer, struct err *err)
{
	cleanup_strbuf struct strbuf text = { 0 };
	int r = fd_read_file(AT_FDCWD, "/proc/self/cgroup", 65536, &text, err);
	struct span rest = { strbuf_str(&text), text.len };

	while (r >= 0 && rest.n > 0) {
		struct span line = span_cut(&rest, '\n');

		if (!span_starts(line, "0::/"))
			continue;
		if (line.n - 3 >= sizeof(answer->cgroup))
			return err_set(err, ENAMETOOLONG, "the scope's cgroup is too long");
		memcpy(answer->cgroup, line.p + 3, line.n - 3);
		return 0;
	}
	return r < 0 ? r : err_set(err, ENOTSUP, "there is no cgroup v2 tree here");
}

static int start(struct talk *t, struct err *err)
{
	sd_bus_error fault = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	sd_bus_message *m = NULL;
	int r;

	if (!t->more[0])
		return err_set(err, EINVAL, "start: the slice is missing");
	r = sd_bus_message_new_method_call(t->bus, &m, SYSTEMD, "StartTransientUnit");
	if (r >= 0)
		r = add_unit(m, t);
	if (r >= 0)
		r = sd_bus_call(t->bus, m, 0, &fault, &reply);
	r = r < 0 ? bus_fault(r, &fault, "systemd makes no scope", err) : await_job(t, reply, err);
	sd_bus_message_unref(m);
	sd_bus_message_unref(reply);
	sd_bus_error_free(&fault);
	return r < 0 ? r : read_place(t->answer, err);
}

static int set(struct talk *t, struct err *err)
{
	sd_bus_error fault = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int r = sd_bus_message_new_method_call(t->bus, &m, SYSTEMD, "SetUnitProperties");

	if (r >= 0)
		r = sd_bus_message_append(m, "sb", t->unit, 1);
	if (r >= 0)
		r = sd_bus_message_open_container(m, 'a', "(sv)");
	if (r >= 0)
		r = add_limits(m, t->more);
	if (r >= 0)
		r = sd_bus_message_close_container(m);
	if (r >= 0)
		r = sd_bus_call(t->bus, m, 0, &fault, NULL);
	r = r < 0 ? bus_fault(r, &fault, "systemd refuses the limits", err) : 0;
	sd_bus_message_unref(m);
	sd_bus_error_free(&fault);
	return r;
}

static int attach(struct talk *t, struct err *err)
{
	sd_bus_error fault = SD_BUS_ERROR_NULL;
	uint64_t pid = 0;
	int r;

	if (!t->more[0] || span_u64(span_of(t->more[0]), INT32_MAX, &pid) < 0)
		return err_set(err, EINVAL, "attach: a process is missing");
	r = sd_bus_call_method(t->bus, SYSTEMD, "AttachProcessesToUnit", &fault, NULL, "ssau",
			       t->unit, "", 1, (uint32_t)pid);
	r = r < 0 ? bus_fault(r, &fault, "systemd does not take the process in", err) : 0;
	sd_bus_error_free(&fault);
	return r;
}

static int stop(struct talk *t, struct err *err)
{
	sd_bus_error fault = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int r = sd_bus_call_method(t->bus, SYSTEMD, "StopUnit", &fault, &reply, "ss", t->unit,
				   "replace");

	if (r < 0 && sd_bus_error_has_name(&fault, "org.freedesktop.systemd1.NoSuchUnit"))
		r = 0;
	else if (r < 0)
		r = bus_fault(r, &fault, "systemd does not stop the scope", err);
	else
		r = await_job(t, reply, err);
	sd_bus_message_unref(reply);
	sd_bus_error_free(&fault);
	/* It is forgotten by itself unless its collection failed. */
	if (r == 0 &&
	    sd_bus_call_method(t->bus, SYSTEMD, "ResetFailedUnit", NULL, NULL, "s", t->unit) < 0)
		return 0;
	return r;
}

static int work(int argc, char *argv[], struct talk *t, struct err *err)
{
	static const struct {
		const char *name;
		int (*run)(struct talk *t, struct err *err);
	} verbs[] = { { "start", start }, { "set", set }, { "attach", attach }, { "stop", stop } };
	int r = argc < 4 ? err_set(err, EINVAL, "immure-scope: arguments are missing")
			 : connect_bus(argv[1], t, err);

	if (r < 0)
		return r;
	t->unit = argv[3];
	t->more = argv + 4;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(argv[2], verbs[i].name) == 0)
			return verbs[i].run(t, err);
	}
	return err_set(err, EINVAL, "immure-scope: unknown verb %.20s", argv[2]);
}

int main(int argc, char *argv[])
{
	static struct scope_answer answer;
	struct talk talk = { .answer = &answer };
	char closed;
	int r;

	if (fcntl(SCOPE_TALK, F_SETFD, FD_CLOEXEC) < 0) {
		fputs("immure-scope is started by immure-oci --systemd-cgroup\n", stderr);
		return 2;
	}
	if (close_range(SCOPE_TALK + 1, ~0U, 0) < 0)
		return 2;
	r = work(argc, argv, &talk, &answer.err);
	sd_bus_flush_close_unref(talk.bus);
	if (send(SCOPE_TALK, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
		return 1;
	/* Without us the scope would end before the container's first process is in it. */
	while (r == 0 && read(SCOPE_TALK, &closed, 1) < 0 && errno == EINTR)
		;
	return r < 0;
}
