"""How the community is doing: grains, values, indicators, diagnosis, value models, reports. Holds nothing yet."""
