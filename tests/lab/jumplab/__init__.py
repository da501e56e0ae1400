# SPDX-License-Identifier: BSD-2-Clause
"""The test lab of jump: whole sites of real machines on one Linux host."""
