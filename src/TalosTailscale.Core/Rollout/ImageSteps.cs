using TalosTailscale.Core.Boot;
using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Rollout;

/// <summary>Puts the image where a node boots from, in whichever way its plan says.</summary>
internal sealed class ImageSteps(RolloutSetup setup, RolloutImages images, LeaseTenure? tenure, IReporter reporter)
{
    private const int Attempts = 8;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    /// <summary>Does it.</summary>
    /// <returns>What was done, and whether the node restarts by itself.</returns>
    internal async Task<(RolloutEvidence Evidence, bool Restarts)> ActivateAsync(
        TalosNodeClient node,
        RolloutWork work,
        CancellationToken cancellationToken
    )
    {
        switch (work.Method)
        {
            case TsRolloutMethod.Upgrade:
                string image = images.Installer(work.Facts);
                await images.ReadyAsync(work.Facts, cancellationToken).ConfigureAwait(false);
                Task<IReadOnlyList<string>?> ExtensionsAsync(string id, CancellationToken stop) =>
                    images.ExtensionsAsync(work.Facts, stop);
                if (!setup.SkipGates.Contains(UkiSwapGate.Extensions))
                    await UpgradeGate
                        .CheckAsync(node, image, ExtensionsAsync, reporter, cancellationToken)
                        .ConfigureAwait(false);
                if (!setup.SkipGates.Contains(UkiSwapGate.ServiceConfig))
                    await ServiceConfigGate
                        .CheckAsync(node, image, ExtensionsAsync, reporter, cancellationToken)
                        .ConfigureAwait(false);
                bool restarts = await node.UpgradeAsync(image, null, reporter, cancellationToken).ConfigureAwait(false);
                UkiSwapGate[] skipped =
                [
                    .. new[] { UkiSwapGate.Extensions, UkiSwapGate.ServiceConfig }.Where(setup.SkipGates.Contains),
                ];
                string notAsked =
                    skipped.Length == 0 ? "" : $"; not asked because of -SkipGate: {string.Join(", ", skipped)}";
                return (new RolloutEvidence($"'{image}' installed{notAsked}"), restarts);
            case TsRolloutMethod.Rollback:
                await node.RollbackAsync(cancellationToken).ConfigureAwait(false);
                return (new RolloutEvidence("Talos goes back to what it ran before"), true);
            default:
                return (await SwapPatientlyAsync(node, work, cancellationToken).ConfigureAwait(false), false);
        }
    }

    // A restart of the API server cuts the shell. What was staged is gone on with, and what was exchanged is seen.
    private async Task<RolloutEvidence> SwapPatientlyAsync(
        TalosNodeClient node,
        RolloutWork work,
        CancellationToken cancellationToken
    )
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await SwapAsync(node, work, cancellationToken).ConfigureAwait(false);
            }
            catch (TsException e) when (attempt < Attempts && e.Error.Category == TsErrorCategory.ConnectionError)
            {
                reporter.Verbose($"{work.Node.Name}: {e.Message} Trying again.");
                await Task.Delay(s_pause * attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<RolloutEvidence> SwapAsync(
        TalosNodeClient node,
        RolloutWork work,
        CancellationToken cancellationToken
    )
    {
        SwapNodeFacts facts = await SwapFactsReader
            .ReadAsync(node, setup.Kubernetes, reporter, cancellationToken)
            .ConfigureAwait(false);
        string device = await EspLocator.FindAsync(node, facts.Variables, cancellationToken).ConfigureAwait(false);
        var request = new NodeShellRequest
        {
            KubernetesNode = work.Node.KubernetesName ?? work.Node.Name,
            Image = setup.ShellImage,
            Tenure = tenure,
        };
        string? installer = work.Method == TsRolloutMethod.UkiSwap ? images.Installer(work.Facts) : null;
        IReadOnlyList<UkiExtension>? extensions = null;
        if (installer is not null)
        {
            // The node's own containerd pulls the installer: nothing large travels from here.
            extensions = await images.ReadyAsync(work.Facts, cancellationToken).ConfigureAwait(false);
            request = request with
            {
                FromImage = installer,
                FromImageFile = InstallerExtensions.UkiPath(work.Facts.Architecture),
            };
        }

        INodeShell shell = await NodeShells
            .OpenAsync(node, setup.Kubernetes, request, reporter, cancellationToken)
            .ConfigureAwait(false);
        var session = new EspSession(shell, device, reporter);
        await using (session.ConfigureAwait(false))
        {
            UkiSwapSource source = installer is not null
                ? await session
                    .FromContainerAsync(HelperPodSpec.FromImagePath, installer, extensions, cancellationToken)
                    .ConfigureAwait(false)
                : await session
                    .FindSourceAsync(
                        facts,
                        work.Method == TsRolloutMethod.Restore,
                        work.Method == TsRolloutMethod.Restore ? work.Memory.Backup : null,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
            bool back = work.Method == TsRolloutMethod.Restore;
            var options = new UkiSwapOptions
            {
                Reboot = true,
                KeepDuplicates = back,
                Skip = back ? setup.SkipGates.Union(UkiSwapGates.OfOldImage).ToHashSet() : setup.SkipGates,
            };
            UkiSwapPlan plan = await session.PlanAsync(facts, source, options, cancellationToken).ConfigureAwait(false);
            UkiSwapResult result = await session.SwapAsync(plan, source, cancellationToken).ConfigureAwait(false);
            await session.CloseAsync(cancellationToken).ConfigureAwait(false);
            reporter.Progress(new ProgressStep("Swapping UKI", work.Node.Name, "done", Completed: true));
            string skipped = string.Join("", result.SkippedGates.Select(g => $"; gate {g.Gate} skipped: {g.Evidence}"));
            return new RolloutEvidence(
                (
                    result.Changed
                        ? $"'{result.BootedEntry}' exchanged, the old one is '{result.Backup}'"
                        : $"'{result.BootedEntry}' has the image already"
                ) + skipped,
                result.Backup,
                result.NewSha256
            );
        }
    }
}
