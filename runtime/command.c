/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/command.h"

#include <signal.h>
#include <sys/socket.h>
#include <time.h>

#include "base/jsonw.h"
#include "base/message.h"
#include "base/sys.h"

uint64_t command_now(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int command_note(struct event_log *log, const struct strbuf *members, struct err *err)
{
	if (members->failed)
		return err_set(err, ENOMEM, "out of memory");
	return event_log_note(log, RECORD_LIFE, members, err);
}

static int signal_program(const struct supervisor *s, int signal)
{
	if (s->launched->pid < 0)
		return -ESRCH; /* between two starts */
	return sys_pidfd_send_signal(launch_find_program(s->launched) ? s->launched->program_pidfd
								      : s->launched->pidfd,
				     signal);
}

/* Only a signal that kills reaches one that stands still. */
static void thaw(const struct supervisor *s)
{
	if (s->life->paused && cgroup_freeze(&s->launched->cgroup, false) == 0)
		s->life->paused = false;
}

/* One that waits for its next start has nobody to signal: not being started is all there is to do.
 */
static int end_program(const struct supervisor *s, int signal)
{
	int r = signal_program(s, signal);

	thaw(s);
	return r == -ESRCH ? 0 : r;
}

/* The answer is larger than others, so it is sent from here. */
static int tell_state(const struct supervisor *s, int *fd)
{
	bool waits = s->launched->pid < 0;
	const struct control_state state = {
		.version = CONTROL_VERSION,
		.starts = s->life->starts,
		.health = s->life->health.state,
		.failures = s->life->health.failures,
		.first = waits ? 0 : s->launched->pid,
		.program = waits ? 0 : s->launched->program,
		.entered = entries_count(&s->entries),
		.flags = waits             ? CONTROL_IS_WAITING
			 : s->life->paused ? CONTROL_IS_PAUSED
					   : 0,
		.started_ms = s->life->started_ms,
	};
	int r = message_send(*fd, &state, sizeof(state), NULL, 0, MSG_DONTWAIT);

	closep(fd);
	return r;
}

static int note_pause(const struct supervisor *s, bool paused)
{
	cleanup_strbuf struct strbuf members = { 0 };
	struct jsonw j = { .out = &members };
	struct err err = { 0 };

	jsonw_kstr(&j, "what", paused ? "paused" : "unpaused");
	return command_note(s->notify.log, &members, &err);
}

static int attach(struct supervisor *s, int *fd)
{
	cleanup_strbuf struct strbuf members = { 0 };
	struct jsonw j = { .out = &members };
	struct err err = { 0 };
	int r = attach_add(&s->detach->attach, fd);

	if (r < 0)
		return r;
	jsonw_kstr(&j, "what", "attached");
	if (command_note(s->notify.log, &members, &err) < 0 && s->lost.code == 0)
		s->lost = err;
	return 0;
}

/* A health check that stands still has not failed: the next one comes in its time. */
static int set_paused(struct supervisor *s, bool paused)
{
	int r;

	if (s->launched->pid < 0)
		return -ESRCH;
	if (s->life->paused == paused)
		return paused ? -EALREADY : -EINVAL;
	r = cgroup_freeze(&s->launched->cgroup, paused);
	if (r < 0)
		return r;
	s->life->paused = paused;
	if (!paused)
		health_start(&s->life->health, &s->life->plan->health, command_now());
	return note_pause(s, paused);
}

int command_act(void *data, const struct control_request *request, int *fd)
{
	struct supervisor *s = data;

	switch ((enum control_op)request->op) {
	case CONTROL_SIGNAL:
		return signal_program(s, (int)request->argument);
	case CONTROL_STOP:
		s->life->stopped = true;
		s->life->again = false;
		return end_program(s, (int)request->argument);
	case CONTROL_RESTART:
		s->life->again = true;
		return end_program(s, (int)request->argument);
	case CONTROL_PAUSE:
	case CONTROL_UNPAUSE:
		return set_paused(s, request->op == CONTROL_PAUSE);
	case CONTROL_ENTER:
		return s->life->paused ? -EBUSY : entries_add(&s->entries, fd);
	case CONTROL_STATE:
		return tell_state(s, fd);
	case CONTROL_ATTACH:
		return attach(s, fd);
	case CONTROL_RESIZE:
		return detach_resize(s->detach, request->argument >> 16,
				     request->argument & 0xffff);
	case CONTROL_WAIT:
	case CONTROL_OP_COUNT:
		break;
	}
	return -EINVAL;
}

int health_patience(const struct supervisor *s)
{
	return s->detach && !s->life->paused ? health_wait(&s->life->health, command_now()) : -1;
}

static int note_health(const struct supervisor *s, struct err *err)
{
	cleanup_strbuf struct strbuf members = { 0 };
	struct jsonw j = { .out = &members };

	jsonw_ku64(&j, "failures", s->life->health.failures);
	jsonw_kstr(&j, "health", health_name(s->life->health.state));
	jsonw_kstr(&j, "what", "health");
	return command_note(s->notify.log, &members, err);
}

int health_step(struct supervisor *s, struct err *err)
{
	struct health *health = &s->life->health;
	const struct health_plan *plan = &s->life->plan->health;
	bool changed = false;

	if (!s->detach || s->life->paused || health->state == HEALTH_NONE)
		return 0;
	if (s->entries.probe_ended) {
		s->entries.probe_ended = false;
		changed = health_ended(health, plan, s->entries.probe_good, command_now());
	}
	switch (health_turn(health, plan, command_now())) {
	case HEALTH_DO_NOTHING:
		break;
	case HEALTH_DO_CHECK:
		if (entries_probe(&s->entries, plan->command) < 0)
			changed = health_ended(health, plan, false, command_now()) || changed;
		break;
	case HEALTH_DO_KILL:
		entries_kill_probe(&s->entries);
		break;
	}
	return changed ? note_health(s, err) : 0;
}
