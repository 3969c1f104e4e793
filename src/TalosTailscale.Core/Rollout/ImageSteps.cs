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
    internal async Task<(string Evidence, bool Restarts)> ActivateAsync(
        TalosNodeClient node,
        RolloutWork work,
        Func<ImageExchange, Task> announce,
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
                return ($"'{image}' installed{notAsked}", restarts);
            case TsRolloutMethod.Rollback:
                string back = await CheckRollbackAsync(node, work, cancellationToken).ConfigureAwait(false);
                await node.RollbackAsync(cancellationToken).ConfigureAwait(false);
                return (back, true);
            default:
                return (await SwapPatientlyAsync(node, work, announce, cancellationToken).ConfigureAwait(false), false);
        }
    }

    // A restart of the API server cuts the shell. What was staged is gone on with, and what was exchanged is seen.
    private async Task<string> SwapPatientlyAsync(
        TalosNodeClient node,
        RolloutWork work,
        Func<ImageExchange, Task> announce,
        CancellationToken cancellationToken
    )
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await SwapAsync(node, work, announce, cancellationToken).ConfigureAwait(false);
            }
            catch (TsException e) when (attempt < Attempts && e.Error.Category == TsErrorCategory.ConnectionError)
            {
                reporter.Verbose($"{work.Node.Name}: {e.Message} Trying again.");
                await Task.Delay(s_pause * attempt, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<string> SwapAsync(
        TalosNodeClient node,
        RolloutWork work,
        Func<ImageExchange, Task> announce,
        CancellationToken cancellationToken
    )
    {
        bool back = work.Method == TsRolloutMethod.Restore;
        SwapNodeFacts facts = await SwapFactsReader
            .ReadAsync(node, setup.Kubernetes, reporter, cancellationToken)
            .ConfigureAwait(false);
        string? installer = work.Method == TsRolloutMethod.UkiSwap ? images.Installer(work.Facts) : null;

        // The node's own containerd pulls the installer: nothing large travels from here.
        IReadOnlyList<UkiExtension>? extensions = installer is null
            ? null
            : await images.ReadyAsync(work.Facts, cancellationToken).ConfigureAwait(false);
        EspSession session = await OpenAsync(node, work, facts, installer, cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            UkiSwapSource source =
                installer is not null
                    ? await session
                        .FromContainerAsync(HelperPodSpec.FromImagePath, installer, extensions, cancellationToken)
                        .ConfigureAwait(false)
                : back ? await ImageOfBeforeAsync(session, facts, work, cancellationToken).ConfigureAwait(false)
                : await session
                    .FindSourceAsync(facts, backup: false, name: null, cancellationToken)
                    .ConfigureAwait(false);
            var options = new UkiSwapOptions
            {
                Reboot = true,
                KeepDuplicates = back,
                Skip = back ? SkippedOnTheWayBack : setup.SkipGates,
            };
            UkiSwapPlan plan = await session.PlanAsync(facts, source, options, cancellationToken).ConfigureAwait(false);

            // Whoever is stopped from here on is told by the hashes, not by names, how far it has come.
            if (plan.Changes && !EspSession.Refusals(plan).Any())
                await announce(new ImageExchange(plan.Backup, plan.NewSha256, plan.OldSha256)).ConfigureAwait(false);
            UkiSwapResult result = await session.SwapAsync(plan, source, cancellationToken).ConfigureAwait(false);
            await session.CloseAsync(cancellationToken).ConfigureAwait(false);
            reporter.Progress(new ProgressStep("Swapping UKI", work.Node.Name, "done", Completed: true));
            return (
                    result.Changed
                        ? $"'{result.BootedEntry}' exchanged, the old one is '{result.Backup}'"
                        : $"'{result.BootedEntry}' has the image already"
                ) + Skipped(result.SkippedGates);
        }
    }

    // By what it holds. A journal of old knows only the name that the file got.
    private static async Task<UkiSwapSource> ImageOfBeforeAsync(
        EspSession session,
        SwapNodeFacts facts,
        RolloutWork work,
        CancellationToken cancellationToken
    )
    {
        if (work.Memory.PreviousSha256 is { } sha256)
        {
            return await session.FindSourceAsync(facts, sha256, cancellationToken).ConfigureAwait(false)
                ?? throw WayBack.NotThere(
                    work.Facts,
                    work.Memory,
                    $"no file on its EFI system partition has the SHA-256 of the image of before, {sha256}"
                );
        }

        try
        {
            return await session
                .FindSourceAsync(facts, backup: true, work.Memory.Backup, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error == BootErrors.BackupNotFound)
        {
            throw WayBack.NotThere(work.Facts, work.Memory, e.Message.TrimEnd('.'));
        }
    }

    /// <summary>Refuses a rollback that does not lead to the image of before, or that a gate of a swap is against.</summary>
    /// <returns>Where it leads, in words.</returns>
    /// <exception cref="TsException"><c>PreviousImageNotThere</c>, <c>GateUnknown</c>, or the refusal of a gate.</exception>
    internal async Task<string> CheckRollbackAsync(
        TalosNodeClient node,
        RolloutWork work,
        CancellationToken cancellationToken
    )
    {
        string name = work.Node.Name;
        if (!work.Facts.BootedWithUki)
        {
            return setup.SkipGates.Contains(UkiSwapGate.NextBoot)
                ? "what Talos goes back to was not looked at because of -SkipGate: NextBoot"
                : throw SwapErrors.GateUnknown.New(
                    $"What Talos goes back to on '{name}' is not known (gate NextBoot): it is not booted from a UKI.",
                    name,
                    recommendedAction: WayBack.Advice(work.Facts, work.Memory)
                        + " '-SkipGate NextBoot' goes on without knowing."
                );
        }

        SwapNodeFacts facts = await SwapFactsReader
            .ReadAsync(node, setup.Kubernetes, reporter, cancellationToken)
            .ConfigureAwait(false);
        RollbackTarget target;
        EspSession session = await OpenAsync(node, work, facts, null, cancellationToken).ConfigureAwait(false);
        await using (session.ConfigureAwait(false))
        {
            target = await session
                .PlanRollbackAsync(facts, SkippedOnTheWayBack, cancellationToken)
                .ConfigureAwait(false);
            await session.CloseAsync(cancellationToken).ConfigureAwait(false);
        }

        string entries =
            target.Names.Count == 0
                ? "there is no entry beside the booted one"
                : $"beside the booted entry there is '{string.Join("', '", target.Names)}'";
        if (target.Uki is not { } uki)
            throw WayBack.NotThere(work.Facts, work.Memory, entries);
        string image = $"'{uki.Name}' holds the schematic '{uki.SchematicId ?? "(none)"}' of Talos {uki.Version}";
        if (uki.SchematicId != work.Memory.PreviousSchematicId || uki.Version != work.Facts.TalosVersion)
            throw WayBack.NotThere(work.Facts, work.Memory, $"{entries}: {image}");
        string refused = $"Talos does not go back to '{uki.Name}' on '{name}'";
        if (SwapGates.Refusals(target.Gates, refused, name).FirstOrDefault() is { } refusal)
            throw refusal;
        return $"Talos goes back: {image}{Skipped(target.Gates.Where(g => g.Status == UkiSwapGateStatus.Skipped))}";
    }

    private HashSet<UkiSwapGate> SkippedOnTheWayBack => [.. setup.SkipGates.Union(UkiSwapGates.OfOldImage)];

    private static string Skipped(IEnumerable<UkiSwapGateResult> gates) =>
        string.Concat(gates.Select(g => $"; gate {g.Gate} skipped: {g.Evidence}"));

    private async Task<EspSession> OpenAsync(
        TalosNodeClient node,
        RolloutWork work,
        SwapNodeFacts facts,
        string? installer,
        CancellationToken cancellationToken
    )
    {
        string device = await EspLocator.FindAsync(node, facts.Variables, cancellationToken).ConfigureAwait(false);
        var request = new NodeShellRequest
        {
            KubernetesNode = work.Node.KubernetesName ?? work.Node.Name,
            Image = setup.ShellImage,
            Tenure = tenure,
            FromImage = installer,
            FromImageFile = installer is null ? "" : InstallerExtensions.UkiPath(work.Facts.Architecture),
        };
        INodeShell shell = await NodeShells
            .OpenAsync(node, setup.Kubernetes, request, reporter, cancellationToken)
            .ConfigureAwait(false);
        return new EspSession(shell, device, reporter);
    }
}
