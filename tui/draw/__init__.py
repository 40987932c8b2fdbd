"""Frame → cells: layout, routing, boxes, panel, glyphs and palette; pure functions, no state and no widget."""
