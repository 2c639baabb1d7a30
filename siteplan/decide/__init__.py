"""Which and when: scores, priorities, costs, the programme of an option, surplus facilities."""
