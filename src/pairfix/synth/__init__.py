"""Training pairs from sharp photos, rendered in batches on the training device (torch).

The way of the data: `photos.PhotoStore.crops` -> `optics.expose` -> `sensor.capture`, one after
the other in `render.render`. Randomness comes from a `torch.Generator` on the photos' device.
"""
