using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using TalosTailscale.Lab.Nodes;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Lab.Talos;

/// <summary><c>machine.MachineService</c>: version, power and upgrades; the other files hold the rest by subject.</summary>
internal sealed partial class LabMachineService(LabCluster cluster) : MachineService.MachineServiceBase
{
    public override Task<VersionResponse> Version(Empty request, ServerCallContext context) =>
        LabFanOut.Unary(cluster, context, node => new VersionResponse
        {
            Messages =
            {
                new Protos.Machine.Version
                {
                    Version_ = new Protos.Machine.VersionInfo
                    {
                        Tag = node.TalosVersion,
                        Sha = "1f7e5d3c",
                        Built = "",
                        GoVersion = "go1.25.5",
                        Os = "linux",
                        Arch = node.GoArchitecture,
                    },
                    Platform = new PlatformInfo { Name = "metal", Mode = "metal" },
                    Features = new FeaturesInfo { Rbac = true },
                },
            },
        });

    public override Task<SystemStatResponse> SystemStat(Empty request, ServerCallContext context) =>
        LabFanOut.Unary(cluster, context, node => new SystemStatResponse
        {
            Messages = { new SystemStat { BootTime = (ulong)node.BootTime.ToUnixTimeSeconds() } },
        });

    public override Task<RebootResponse> Reboot(RebootRequest request, ServerCallContext context) =>
        LabFanOut.Unary(cluster, context, node =>
        {
            var powerCycle = request.Mode == RebootRequest.Types.Mode.Powercycle;

            // kexecPrepare probes the boot entry, also for a plain reboot, where kexec is used at all.
            if (!powerCycle && node.Power.UsesKexec && LabFirmware.Probe(node) is null)
                LabBoot.Kernel(
                    node,
                    "err",
                    "[talos] reboot sequence: no valid boot entry found matching LoaderEntryDefault or LoaderEntrySelected"
                );
            var actor = Guid.NewGuid().ToString();
            node.Power.Reboot(powerCycle, actor);
            return new RebootResponse { Messages = { new Reboot { ActorId = actor } } };
        });

    public override Task<UpgradeResponse> Upgrade(UpgradeRequest request, ServerCallContext context) =>
        LabFanOut.UnaryAsync(cluster, context, async node =>
        {
            var actor = Guid.NewGuid().ToString();
            var uki = await LabUpgrade.PullAsync(node, request.Image, context.CancellationToken);
            if (node.IsControlPlane && !request.Force)
                LabUpgrade.CheckEtcd(node);
            node.Power.Run(stop =>
                LabUpgrade.RunAsync(
                    node,
                    uki,
                    request.Stage ? "stageUpgrade" : "upgrade",
                    request.RebootMode == UpgradeRequest.Types.RebootMode.Powercycle,
                    actor,
                    stop
                )
            );
            return new UpgradeResponse
            {
                Messages =
                {
                    new Upgrade { Ack = "Upgrade request received", ActorId = actor },
                },
            };
        });

    public override Task<RollbackResponse> Rollback(RollbackRequest request, ServerCallContext context) =>
        LabFanOut.Unary(cluster, context, node =>
        {
            var current = LabFirmware.Probe(node)
                ?? throw LabTarget.Failure(
                    StatusCode.Unknown,
                    "no valid boot entry found matching LoaderEntryDefault or LoaderEntrySelected"
                );
            var other = LabInstaller
                .TalosUkis(node)
                .FirstOrDefault(f => !f.Equals(current, StringComparison.OrdinalIgnoreCase))
                ?? throw LabTarget.Failure(StatusCode.Unknown, "cannot rollback to non-existing boot entry");
            if (LabInstaller.WriteVariable(node, "LoaderEntryDefault", other) is { } error)
                throw LabTarget.Failure(StatusCode.Unknown, error);
            node.Power.Reboot(powerCycle: false);
            return new RollbackResponse { Messages = { new Rollback() } };
        });
}
