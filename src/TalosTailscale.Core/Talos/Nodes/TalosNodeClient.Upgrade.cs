using TalosTailscale.Core.Reporting;
using TalosTailscale.Protos.Machine;

namespace TalosTailscale.Core.Talos;

/// <content>Upgrades.</content>
public sealed partial class TalosNodeClient
{
    private const string Upgrading = "Upgrading";

    // Before 1.13 the node pulls and checks the installer within the call.
    private static readonly TimeSpan s_upgradeTimeout = TimeSpan.FromMinutes(20);

    /// <summary>
    /// Installs another Talos image beside the running one and makes it the default. Before 1.13 the node then restarts
    /// by itself; from 1.13 on it is restarted with <see cref="RebootAsync"/>.
    /// </summary>
    /// <param name="image">The installer image; it decides about extensions as well.</param>
    /// <param name="options">How.</param>
    /// <param name="reporter">Told what the installer says.</param>
    /// <param name="cancellation">Cancels the waiting, not an installer that already runs.</param>
    /// <returns>True if the node restarts by itself.</returns>
    public async Task<bool> UpgradeAsync(
        string image,
        TalosUpgradeOptions? options = null,
        IReporter? reporter = null,
        CancellationToken cancellation = default
    )
    {
        reporter ??= SilentReporter.Instance;
        // LifecycleService installs at once; what is to be staged goes the older way, which Talos has until 1.18.
        bool stages = options?.Stage == true;
        if (!stages && await TryInstallAsync(image, reporter, cancellation).ConfigureAwait(false))
            return false;
        await UpgradeAndRestartAsync(image, options, reporter, cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>Installs another Talos image beside the running one and makes it the default, without a restart.</summary>
    /// <param name="image">The installer image.</param>
    /// <param name="reporter">Told what the installer says.</param>
    /// <param name="cancellation">Cancels the waiting, not an installer that already runs.</param>
    /// <returns>
    /// False where nothing was done, as the node has no call for that (Talos before 1.13): <see cref="UpgradeAndRestartAsync"/>.
    /// </returns>
    public async Task<bool> TryInstallAsync(string image, IReporter reporter, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(reporter);
        if (!await HasServicesOf113Async(cancellation).ConfigureAwait(false))
            return false;
        try
        {
            await InstallAsync(image, reporter, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (TsException e) when (e.Error == TalosErrors.TalosUnimplemented)
        {
            reporter.Verbose($"{Node}: no LifecycleService, using MachineService.Upgrade.");
            return false;
        }
        finally
        {
            reporter.Progress(new ProgressStep(Upgrading, Node, "done", Completed: true));
        }
    }

    /// <summary>Installs an image in the way of Talos before 1.13: the node pulls it, checks etcd and restarts by itself.</summary>
    /// <param name="image">The installer image.</param>
    /// <param name="how">How; null for the usual.</param>
    /// <param name="reporter">Told of the pull.</param>
    /// <param name="cancellation">Cancels the waiting, not an installer that already runs.</param>
    /// <returns>When the node has taken the image.</returns>
    public async Task UpgradeAndRestartAsync(
        string image,
        TalosUpgradeOptions? how,
        IReporter reporter,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(reporter);
        how ??= new TalosUpgradeOptions();
        var request = new UpgradeRequest
        {
            Image = image,
            Preserve = true,
            Stage = how.Stage,
            Force = how.Force,
            RebootMode = how.PowerCycle
                ? UpgradeRequest.Types.RebootMode.Powercycle
                : UpgradeRequest.Types.RebootMode.Default,
        };
        reporter.Progress(new ProgressStep(Upgrading, Node, "the node pulls the installer and checks it"));
        try
        {
            UpgradeResponse answer = await WatchedPullAsync(
                    image,
                    waits: false,
                    reporter,
                    stop =>
                        _caller.UnaryAsync(
                            TalosCall.Change("Upgrade", TalosCall.Admin),
                            (invoker, options) => Machine(invoker).UpgradeAsync(request, options),
                            stop,
                            s_upgradeTimeout
                        ),
                    cancellation
                )
                .ConfigureAwait(false);
            if (Failure(Single(answer.Messages, "Upgrade").Metadata, "Upgrade") is { } failure)
                throw failure;
        }
        finally
        {
            reporter.Progress(new ProgressStep(Upgrading, Node, "done", Completed: true));
        }
    }

    private async Task InstallAsync(string image, IReporter reporter, CancellationToken cancellation)
    {
        reporter.Progress(new ProgressStep(Upgrading, Node, "pulling the installer"));
        await WatchedPullAsync(
                image,
                waits: true,
                reporter,
                stop => PullNewAsync(image, TalosImageNamespace.System, null, reporter, stop),
                cancellation
            )
            .ConfigureAwait(false);
        var request = new LifecycleServiceUpgradeRequest
        {
            Containerd = Instance(TalosImageNamespace.System),
            Source = new InstallArtifactsSource { ImageName = image },
        };
        var call = TalosCall.Change("LifecycleService.Upgrade", TalosCall.Admin);
        IAsyncEnumerable<LifecycleServiceUpgradeResponse> answers = _caller.StreamAsync(
            call,
            (invoker, options) => new LifecycleService.LifecycleServiceClient(invoker).Upgrade(request, options),
            cancellation,
            s_upgradeTimeout
        );
        string last = "";
        int? exitCode = null;
        await foreach (LifecycleServiceUpgradeResponse answer in answers.ConfigureAwait(false))
        {
            if (answer.Progress is not { } progress)
                continue;
            if (progress.ResponseCase == LifecycleServiceInstallProgress.ResponseOneofCase.ExitCode)
            {
                exitCode = progress.ExitCode;
                continue;
            }

            last = progress.Message.Trim();
            reporter.Verbose($"{Node}: {last}");
            reporter.Progress(new ProgressStep(Upgrading, Node, last));
        }

        // The call itself ends OK whatever the installer did: only its exit code counts.
        if (exitCode is 0)
            return;
        string outcome = exitCode is { } code ? $"ended with exit code {code}" : "never told how it ended";
        throw TalosErrors.TalosUpgradeFailed.New(
            $"The installer '{image}' on '{Node}' {outcome}; it said last: '{last}'.",
            Node
        );
    }
}
