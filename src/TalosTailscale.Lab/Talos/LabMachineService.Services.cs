using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Lab.Talos;

/// <summary>The machine config, and services.</summary>
internal sealed partial class LabMachineService
{
    public override Task<ApplyConfigurationResponse> ApplyConfiguration(
        ApplyConfigurationRequest request,
        ServerCallContext context
    ) =>
        LabFanOut.Unary(cluster, context, node => new ApplyConfigurationResponse
        {
            Messages = { LabConfigApply.Run(node, request) },
        });

    public override Task<ServiceListResponse> ServiceList(Empty request, ServerCallContext context) =>
        LabFanOut.Unary(cluster, context, node =>
        {
            var list = new ServiceList();
            list.Services.AddRange(node.Services.All.Select(ToInfo));
            return new ServiceListResponse { Messages = { list } };
        });

    public override Task<ServiceStartResponse> ServiceStart(ServiceStartRequest request, ServerCallContext context) =>
        LabFanOut.Unary(cluster, context, node =>
        {
            Known(node, request.Id);
            if (request.Id == LabTailscaleService.Id)
                node.Tailscale.StartIfStopped();
            return new ServiceStartResponse
            {
                Messages = { new ServiceStart { Resp = $"Service \"{request.Id}\" started" } },
            };
        });

    public override Task<ServiceStopResponse> ServiceStop(ServiceStopRequest request, ServerCallContext context) =>
        LabFanOut.Unary(cluster, context, node =>
        {
            Known(node, request.Id);
            Extension(request.Id, "stop");
            node.Tailscale.Stop();
            return new ServiceStopResponse
            {
                Messages = { new ServiceStop { Resp = $"Service \"{request.Id}\" stopped" } },
            };
        });

    public override Task<ServiceRestartResponse> ServiceRestart(
        ServiceRestartRequest request,
        ServerCallContext context
    ) => LabFanOut.Unary(cluster, context, node =>
        {
            Known(node, request.Id);
            if (request.Id is not ("kubelet" or "cri" or "etcd"))
                Extension(request.Id, "restart");
            if (request.Id == LabTailscaleService.Id)
                node.Tailscale.Restart();
            else
            {
                // Who watches sees it stop and come back.
                node.Change(n =>
                    LabBoot.SetService(n, request.Id, "Stopping", $"Sending SIGTERM to task {request.Id}", false)
                );
                node.Change(n => LabBoot.SetService(n, request.Id, "Running", "Health check successful", true));
            }

            return new ServiceRestartResponse
            {
                Messages = { new ServiceRestart { Resp = $"Service \"{request.Id}\" restarted" } },
            };
        });

    private static void Known(LabNode node, string id)
    {
        if (node.Services[id] is null)
            throw LabTarget.Failure(StatusCode.Unknown, $"service \"{id}\" not defined");
    }

    private static void Extension(string id, string verb)
    {
        if (!id.StartsWith("ext-", StringComparison.Ordinal))
            throw LabTarget.Failure(StatusCode.Unknown, $"service \"{id}\" doesn't support {verb} operation via API");
    }

    private static ServiceInfo ToInfo(LabService service)
    {
        var last = service.Events[^1];
        var info = new ServiceInfo
        {
            Id = service.Id,
            State = service.State,
            Events = new ServiceEvents(),
            Health = new ServiceHealth
            {
                Unknown = service.Healthy is null,
                Healthy = service.Healthy ?? false,
                LastMessage = "",
                // Go's zero time, as Talos sends it of a service without a health check.
                LastChange = Timestamp.FromDateTimeOffset(
                    service.Healthy is null ? DateTimeOffset.MinValue : last.Time
                ),
            },
        };
        info.Events.Events.AddRange(
            service.Events.Select(e => new ServiceEvent
            {
                Msg = e.Message,
                State = e.State,
                Ts = Timestamp.FromDateTimeOffset(e.Time),
            })
        );
        return info;
    }
}
