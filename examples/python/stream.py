"""Sends pushes over one stream, then follows their receipts: stream.py <host:port> <app id> <app key> <alias> <alert>...

Prints a request id for each push, and then `<request id> <state>` for each delivery, until as many have ended as pushes
were sent. Needs what send.py needs.
"""

import base64
import sys

import grpc
from onepush.v1 import push_core_pb2_grpc, push_pb2, receipt_pb2

address, app_id, app_key, alias = sys.argv[1:5]
alerts = sys.argv[5:]
credentials = base64.b64encode(f"{app_id}:{app_key}".encode()).decode()
metadata = [("authorization", f"Basic {credentials}")]
audience = push_pb2.Audience(aliases=push_pb2.Audience.Aliases(values=[alias]))


def batches():
    """One message with all pushes: many in a message are faster than many messages."""
    yield push_pb2.SendPushStreamRequest(
        pushes=[
            push_pb2.SendPushStreamRequest.Entry(
                reference=number, push=push_pb2.SendPushRequest(audience=audience, alert=alert)
            )
            for number, alert in enumerate(alerts)
        ]
    )


with grpc.insecure_channel(address) as channel:
    core = push_core_pb2_grpc.PushCoreStub(channel)

    watch = core.WatchReceipts(receipt_pb2.WatchReceiptsRequest(from_now=True), metadata=metadata, timeout=30)
    next(watch)  # Has no receipts: from here on none is missed.

    for answer in core.SendPushStream(batches(), metadata=metadata, timeout=30):
        for result in answer.results:
            if result.HasField("failure"):
                print(alerts[result.reference], result.failure.detail.reason)
                sys.exit(1)
            print(result.request_id)

    ended = 0
    for message in watch:
        for receipt in message.receipts:
            print(receipt.request_id, receipt_pb2.DeliveryState.Name(receipt.state))
            ended += 1
        if ended >= len(alerts):
            watch.cancel()
            break
