"""Sends a push and prints its request id: send.py <host:port> <app id> <app key> <alias> <alert> [<deadline in seconds>]

Needs grpcio, googleapis-common-protos for the details of errors, and stubs on PYTHONPATH. With protoc and grpc_python_plugin on the
PATH, in the root folder:

npx buf generate proto --path proto/onepush/v1 --exclude-type buf.validate --template '{"version": "v2", "plugins": [
  {"protoc_builtin": "python", "out": "stubs"}, {"local": "grpc_python_plugin", "out": "stubs"}]}'
"""

import base64
import sys

import grpc
from google.rpc import status_pb2
from onepush.v1 import error_pb2, push_core_pb2_grpc, push_pb2

address, app_id, app_key, alias, alert = sys.argv[1:6]
seconds = float(sys.argv[6]) if len(sys.argv) > 6 else 5.0
credentials = base64.b64encode(f"{app_id}:{app_key}".encode()).decode()

with grpc.insecure_channel(address) as channel:
    core = push_core_pb2_grpc.PushCoreStub(channel)
    push = push_pb2.SendPushRequest(
        audience=push_pb2.Audience(aliases=push_pb2.Audience.Aliases(values=[alias])), alert=alert
    )
    try:
        answer = core.SendPush(push, metadata=[("authorization", f"Basic {credentials}")], timeout=seconds)
        print(answer.request_id)
    except grpc.RpcError as error:
        detail = error_pb2.ErrorDetail()
        for key, value in error.trailing_metadata() or []:
            if key == "grpc-status-details-bin":
                for packed in status_pb2.Status.FromString(value).details:
                    packed.Unpack(detail)
        fields = ",".join(violation.field for violation in detail.violations)
        print(error.code().name, detail.reason, fields)
        sys.exit(1)
