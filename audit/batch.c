/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/batch.h"

#include "base/cleanup.h"
#include "policies/syscall_args.h"

void call_table_fill(struct call_table *table, struct span names)
{
	for (size_t nr = 0; nr < TRACER_CALLS; nr++) {
		const char *name = names.n > 0 ? span_cut(&names, '\0').p : NULL;
		struct arg_info args[6];
		int n = -1;

		table->names[nr] = name && name[0] ? name : NULL;
		if (table->names[nr])
			n = syscall_args_find(name, args);
		table->n_args[nr] = (uint8_t)(n < 0 ? ARRAY_LEN(args) : (size_t)n);
	}
}

void batch_add(const struct call_table *table, const struct tracer_return *call, struct strbuf *out)
{
	const char *name = call->nr < TRACER_CALLS ? table->names[call->nr] : NULL;
	size_t n = call->nr < TRACER_CALLS ? table->n_args[call->nr] : ARRAY_LEN(call->args);

	strbuf_puts(out, out->len > 0 ? ",[" : "[");
	if (name) {
		strbuf_putc(out, '"');
		strbuf_puts(out, name);
		strbuf_putc(out, '"');
	} else {
		strbuf_u64(out, call->nr);
	}
	strbuf_putc(out, ',');
	strbuf_u64(out, call->after);
	strbuf_putc(out, ',');
	strbuf_i64(out, call->ret);
	for (size_t i = 0; i < n; i++) {
		strbuf_putc(out, ',');
		strbuf_i64(out, (int64_t)call->args[i]); /* as JSON readers know numbers */
	}
	strbuf_putc(out, ']');
}
