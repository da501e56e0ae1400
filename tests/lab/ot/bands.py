#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The panel of a desktop: bands of colour over the whole screen, by which a
screenshot is known. A click turns them upside down. Arguments: RRGGBB..."""
import sys

from Xlib import X, display

colours = [int(word, 16) for word in sys.argv[1:]]
here = display.Display()
screen = here.screen()
width, height = screen.width_in_pixels, screen.height_in_pixels
window = screen.root.create_window(
    0, 0, width, height, 0, screen.root_depth, override_redirect=1,
    event_mask=X.ExposureMask | X.ButtonPressMask)
window.map()
brush = window.create_gc()
while True:
    event = here.next_event()
    if event.type == X.ButtonPress:
        colours.reverse()
    if event.type in (X.ButtonPress, X.Expose):
        for number, colour in enumerate(colours):
            top = number * height // len(colours)
            brush.change(foreground=colour)
            window.fill_rectangle(brush, 0, top, width, height - top)
