"""Losses of distillation: functions of what a teacher and a student put out, one file each."""
