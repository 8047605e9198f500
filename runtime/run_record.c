/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a run: written by its supervisor, read by nobody while it lives. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "runtime/run_learn.h"
#include "runtime/run_parts.h"
#include "runtime/tool_call.h"

/* Let the key of --sign-by sign a segment, or all that is sealed (segment NULL). */
static int start_signer(struct run *run, const char *segment, struct err *err)
{
	const char *by = run->options.sign_by;
	const char *argv[9] = { "immure", "audit", "sign" };
	cleanup_close int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	size_t n = 3;

	if (out < 0)
		return err_sys(err, errno, "cannot open /dev/null");
	if (strcmp(by, "own") != 0) {
		argv[n++] = "--key";
		argv[n++] = by;
	}
	if (segment) {
		argv[n++] = "--segment";
		argv[n++] = segment;
	}
	argv[n] = run->folder.id;
	return tool_start(argv, out, &run->signer, err);
}

static int await_signer(struct run *run, struct err *err)
{
	int r = run->signer > 0 ? tool_wait(run->signer, err) : 0;

	run->signer = 0;
	return r > 0 ? err_set(err, EIO, "run %s is recorded, but not signed", run->folder.id) : r;
}

/* The log goes on meanwhile; the last signer of all is waited for. */
static int sign_segment(void *data, uint32_t segment, struct err *err)
{
	struct run *run = data;
	char number[12];
	int r = await_signer(run, err);

	if (r < 0)
		return r;
	snprintf(number, sizeof(number), "%u", segment);
	return start_signer(run, number, err);
}

/* The child confines itself meanwhile. */
int run_record_start(struct run *run, struct err *err)
{
	struct jsonw j = { .out = &run->text };
	char hex[DIGEST_HEX_LEN];
	struct digest hash;
	int r;

	strbuf_reset(&run->text);
	plan_json(&run->plan, &j);
	if (run->text.failed)
		return err_set(err, ENOMEM, "out of memory");
	hash = digest_of(run->text.p, run->text.len);
	digest_hex(&hash, hex);
	r = run_folder_write(&run->folder, "plan.json", run->text.p, run->text.len, err);
	if (r == 0)
		r = run_folder_link(&run->folder, run->policy.dir, run->policy.file,
				    "policy.bundle", err);
	if (r < 0)
		return r;
	r = event_log_open(&run->log, run->folder.dir, err);
	if (r < 0)
		return r;
	if (run->options.sign_by) {
		run->log.on_full = sign_segment;
		run->log.data = run;
	}
	strbuf_reset(&run->text);
	j.comma = false;
	jsonw_ku64(&j, "pid", (uint64_t)run->launched.pid);
	jsonw_kstr(&j, "plan_sha256", hex);
	jsonw_kstr(&j, "policy", run->policy.bundle.name);
	jsonw_kstr(&j, "run", run->folder.id);
	r = event_log_note(&run->log, RECORD_START, &run->text, err);
	evidence_namespaces(run->launched.pid, &run->evidence);
	launch_await_network(&run->launched);
	evidence_network(run->launched.pid, &run->evidence);
	return r;
}

static int write_evidence(struct run *run, struct err *err)
{
	struct jsonw j = { .out = &run->text };

	evidence_cgroup(run->launched.cgroup.dir, &run->evidence);
	evidence_exe_finish(&run->evidence.exe);
	strbuf_reset(&run->text);
	evidence_json(&run->evidence, &j);
	if (run->text.failed)
		return err_set(err, ENOMEM, "out of memory");
	run->evidence_hash = digest_of(run->text.p, run->text.len);
	run->has_evidence = true;
	return run_folder_write(&run->folder, "evidence.json", run->text.p, run->text.len, err);
}

int run_record_evidence(void *data, struct err *err)
{
	struct run *run = data;
	/* The first start tells for all: the plan is the same. */
	bool later = run->has_evidence || run->launched.cgroup.dir >= 0 || run->uplink.life >= 0;
	int r = later ? 0 : write_evidence(run, err);

	return r < 0 ? err_at(err, ERR_STATE) : 0;
}

void run_record_usage(struct run *run)
{
	struct usage *sum = &run->usage;
	struct err ignored = { 0 };
	int status = 0;

	/* Of a start that failed there may be a process 1 that nobody has told to end. */
	if (!run->launched.ended || launch_reap(&run->launched, &status, &ignored) < 0) {
		run->usage_lost = true;
		return;
	}
	sum->known = true;
	if (sum->largest_kib < run->launched.usage.largest_kib)
		sum->largest_kib = run->launched.usage.largest_kib;
	sum->user_us += run->launched.usage.user_us;
	sum->system_us += run->launched.usage.system_us;
}

static void put_usage(const struct run *run, struct jsonw *j)
{
	if (!run->usage.known || run->usage_lost)
		return;
	jsonw_key(j, "usage");
	jsonw_object(j);
	jsonw_ku64(j, "largest_kib", run->usage.largest_kib);
	jsonw_ku64(j, "system_us", run->usage.system_us);
	jsonw_ku64(j, "user_us", run->usage.user_us);
	jsonw_object_end(j);
}

int run_record_end(struct run *run, const struct supervisor *s, int status, struct err *err)
{
	struct jsonw j = { .out = &run->text };
	char head[DIGEST_HEX_LEN];
	int r = run->has_evidence ? 0 : write_evidence(run, err);

	if (r == 0 && run->options.learn)
		r = run_learn_record(&run->learn, &run->folder, err);
	if (r < 0)
		return r;
	run_record_usage(run);
	/* The chain vouches for what the verdicts are made from, too. */
	digest_hex(&run->evidence_hash, head);
	strbuf_reset(&run->text);
	jsonw_ku64(&j, "denied", run->denials->total);
	jsonw_ku64(&j, "denied_recorded", run->denials->recorded);
	jsonw_ku64(&j, "denied_uncounted", run->denials->overflow);
	jsonw_kstr(&j, "evidence_sha256", head);
	jsonw_ki64(&j, "exit", status);
	jsonw_kbool(&j, "lost", s->lost.code != 0);
	event_log_losses(&run->log, &j);
	jsonw_kbool(&j, "out_of_time", s->out_of_time);
	put_usage(run, &j);
	if (run->policy.bundle.audit_only)
		jsonw_ku64(&j, "would_deny", run->denials->audited);
	r = event_log_note(&run->log, RECORD_SEALED, &run->text, err);
	if (r < 0)
		return r;
	digest_hex(&run->log.chain.head, head);
	strbuf_reset(&run->text);
	j.comma = false;
	jsonw_object(&j);
	jsonw_ku64(&j, "denied", run->denials->total);
	jsonw_ki64(&j, "exit", status);
	jsonw_kstr(&j, "head", head);
	jsonw_ku64(&j, "records", run->log.chain.seq);
	jsonw_kstr(&j, "run", run->folder.id);
	if (run->policy.bundle.audit_only)
		jsonw_ku64(&j, "would_deny", run->denials->audited);
	jsonw_object_end(&j);
	if (run->text.failed)
		return err_set(err, ENOMEM, "out of memory");
	r = run_folder_write(&run->folder, "status.json", run->text.p, run->text.len, err);
	if (r == 0)
		tally_done(&run->tally);
	return r;
}

int run_record_sign(struct run *run, struct err *err)
{
	int r = await_signer(run, err);

	if (r == 0)
		r = start_signer(run, NULL, err);
	return r < 0 ? r : await_signer(run, err);
}
