"""Turns texts into chunks and vectors, within a budget, and finds them again."""
