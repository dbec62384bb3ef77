"""segment-analytics-python: identify, page, track and a batch of 500. Arguments: host, key, id of the customer."""

import sys

from segment.analytics.client import Client

host, key, user = sys.argv[1:4]
failures = []
client = Client(key, host=host, upload_size=500, on_error=lambda error, batch: failures.append(str(error)))
client.identify(user, {"plan": "outside"})
client.page(user, name="Home")
client.track(user, "Outside Began")
client.flush()
for number in range(500):
    client.track(user, "Product Viewed", {"product_id": f"p{number % 7}", "price": 10, "currency": "EUR"})
client.shutdown()
sys.exit("; ".join(failures) or 0)
