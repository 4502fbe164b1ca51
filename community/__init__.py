"""The root: it joins the apps, and nobody imports it. `community.core` below it is the floor for everybody."""
