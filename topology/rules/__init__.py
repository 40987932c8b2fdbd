"""The languages in which services say what they take and when: patterns, filter policies, schedules."""
