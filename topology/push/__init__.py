"""What services that push have in common: subscribers, retries in phases, notifications."""
