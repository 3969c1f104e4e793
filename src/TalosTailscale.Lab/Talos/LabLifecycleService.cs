using Grpc.Core;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Lab.Talos;

/// <summary><c>machine.LifecycleService</c>, since Talos 1.13: installs, and neither drains nor reboots.</summary>
internal sealed class LabLifecycleService(LabCluster cluster) : LifecycleService.LifecycleServiceBase
{
    public override async Task Upgrade(
        LifecycleServiceUpgradeRequest request,
        IServerStreamWriter<LifecycleServiceUpgradeResponse> responseStream,
        ServerCallContext context
    )
    {
        var node = LabTarget.Resolve(cluster, LabTarget.EndpointOf(context), LabTarget.Of(context).Names[0]);
        var image = request.Source?.ImageName ?? "";
        if (image.Length == 0)
            throw LabTarget.Failure(StatusCode.InvalidArgument, "image name is required");
        if (node.Images.Find(LabImageService.Namespace(request.Containerd), image) is null)
            throw LabTarget.Failure(StatusCode.NotFound, $"image \"{image}\": not found");
        await SayAsync($"running Talos installer {node.TalosVersion}");
        var uki = await LabUpgrade.TakeUkiAsync(node, image, context.CancellationToken);
        var error = uki is null
            ? "no installer in the image"
            : await LabUpgrade.InstallAsync(node, uki, context.CancellationToken);
        await SayAsync(error ?? "installation of the boot loader complete");
        await responseStream.WriteAsync(
            new LifecycleServiceUpgradeResponse
            {
                Progress = new LifecycleServiceInstallProgress { ExitCode = error is null ? 0 : 1 },
            },
            context.CancellationToken
        );

        Task SayAsync(string text) =>
            responseStream.WriteAsync(
                new LifecycleServiceUpgradeResponse
                {
                    Progress = new LifecycleServiceInstallProgress { Message = text },
                },
                context.CancellationToken
            );
    }
}
