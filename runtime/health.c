/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/health.h"

#include <limits.h>

const char *health_name(enum health_state state)
{
	switch (state) {
	case HEALTH_NONE:
		break;
	case HEALTH_STARTING:
		return "starting";
	case HEALTH_HEALTHY:
		return "healthy";
	case HEALTH_UNHEALTHY:
		return "unhealthy";
	}
	return "none";
}

void health_start(struct health *health, const struct health_plan *plan, uint64_t now)
{
	*health = (struct health){ .started = now, .due = now + plan->interval_ms };
	if (plan->command)
		health->state = HEALTH_STARTING;
}

int health_wait(const struct health *health, uint64_t now)
{
	uint64_t when = health->deadline ? health->deadline : health->due;

	if (health->state == HEALTH_NONE || health->overdue)
		return -1;
	if (when <= now)
		return 0;
	return when - now < INT_MAX ? (int)(when - now) : INT_MAX;
}

enum health_action health_turn(struct health *health, const struct health_plan *plan, uint64_t now)
{
	if (health_wait(health, now) != 0)
		return HEALTH_DO_NOTHING;
	if (health->deadline) {
		health->overdue = true;
		return HEALTH_DO_KILL;
	}
	health->deadline = now + plan->timeout_ms;
	return HEALTH_DO_CHECK;
}

bool health_ended(struct health *health, const struct health_plan *plan, bool good, uint64_t now)
{
	enum health_state before = health->state;
	bool young = before == HEALTH_STARTING && now - health->started < plan->start_ms;

	good = good && !health->overdue;
	health->deadline = 0;
	health->overdue = false;
	health->due = now + plan->interval_ms;
	if (good) {
		health->failures = 0;
		health->state = HEALTH_HEALTHY;
	} else if (!young) {
		health->failures++;
		if (health->failures >= plan->retries)
			health->state = HEALTH_UNHEALTHY;
	}
	return health->state != before;
}
