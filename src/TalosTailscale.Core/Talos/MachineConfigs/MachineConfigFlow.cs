using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.MachineConfig.Validation;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Tailnet;

namespace TalosTailscale.Core.Talos;

/// <summary>
/// Changes a node's machine configuration: read, merge, check, try on the node, and - once confirmed - back up, look
/// again, apply, compare.
/// </summary>
/// <remarks>
/// Talos has no patch call and no compare-and-swap: a client sends the whole configuration. So the version is read again
/// just before, and a document that is missing in what would be sent is an error.
/// </remarks>
public sealed class MachineConfigFlow
{
    private const string Active = "v1alpha1";
    private const string Activity = "Patching machine config";
    private const int LongestDiff = 60;
    private readonly TalosNodeClient _node;
    private readonly MachineConfigOptions _options;
    private readonly IReporter _reporter;
    private readonly TimeProvider _clock;

    /// <summary>Prepares for one node.</summary>
    /// <param name="node">The node's calls.</param>
    /// <param name="options">How.</param>
    /// <param name="reporter">Told what happens.</param>
    public MachineConfigFlow(TalosNodeClient node, MachineConfigOptions options, IReporter reporter)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(reporter);
        _node = node;
        _options = options;
        _reporter = reporter;
        _clock = node.Client.Options.Clock;
    }

    /// <summary>Works out what patches would do, and has the node try it. Changes nothing.</summary>
    /// <param name="patches">The patches, in order.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="TsException">One of <see cref="MachineConfigErrors"/> or <see cref="TalosErrors"/>.</exception>
    public async Task<MachineConfigPlan> PlanAsync(
        IReadOnlyList<ConfigPatch> patches,
        CancellationToken cancellation = default
    )
    {
        (string version, string text) = await ReadAsync(cancellation).ConfigureAwait(false);
        TalosVersion talos = await _node.VersionAsync(cancellation).ConfigureAwait(false);
        foreach (ConfigPatch patch in patches)
            ConfigSecrets.Register(patch.Text);
        AdaptedPatches adapted = PatchForms.Adapt(text, patches, _node.Node, talos.Version, _options.ListMerge);
        foreach (string note in adapted.Notes)
            _reporter.Verbose($"{_node.Node}: {note}");
        PatchedConfig result = MachineConfigPatcher.Apply(
            text,
            adapted.Patches,
            _options.ListMerge,
            _node.Node,
            _options.AllowUnknownKeys,
            talos.Version
        );
        await RefuseCutOffAsync(text, result, cancellation).ConfigureAwait(false);
        return await PlanAsync(version, text, result, cancellation, adapted.Warnings).ConfigureAwait(false);
    }

    // What the node has and keeps is not asked about: it lives with that already.
    private async Task RefuseCutOffAsync(string before, PatchedConfig result, CancellationToken cancellation)
    {
        if (!result.IsChanged || CutsOff(result.Text) is null || CutsOff(before) == CutsOff(result.Text))
            return;
        TailnetAddresses addresses = await _node.TailnetAddressesAsync(cancellation).ConfigureAwait(false);
        if (addresses.LansInRange.Count == 0)
            return;
        string found =
            $"'{_node.Node}' has {string.Join(", ", addresses.LansInRange)}, and TS_EXTRA_ARGS has neither --netfilter-mode=nodivert nor off.";
        if (!_options.Force)
            throw TailnetErrors.LanInTailnetRange.New(found, _node.Node);
        _reporter.Warning($"{_node.Node}: {found} It is applied all the same, because of -Force.");
    }

    // The environment of an extension that would drop what comes from a LAN in the tailnet's range; null where none does.
    private static string? CutsOff(string config)
    {
        Dictionary<string, string>? environment = ConfigView.TryRead(config)?.TailscaleEnvironment();
        string? arguments = environment?.GetValueOrDefault("TS_EXTRA_ARGS");
        return environment is null || TailnetAddresses.LeavesLan(arguments) ? null : arguments ?? string.Empty;
    }

    /// <summary>Works out what going back to a backup would do, and has the node try it. Changes nothing.</summary>
    /// <param name="backup">The backup to go back to.</param>
    /// <param name="config">The whole configuration that it holds.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="TsException">One of <see cref="MachineConfigErrors"/> or <see cref="TalosErrors"/>.</exception>
    public async Task<MachineConfigPlan> PlanRestoreAsync(
        MachineConfigBackup backup,
        string config,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(backup);
        string source = backup.ToString();
        IReadOnlyList<MachineConfigDocument> documents = ConfigDocuments.Parse(config, source);
        if (!documents.Any(document => document.Kind == Active))
            throw MachineConfigErrors.BackupInvalid.New(
                $"'{source}' found no main document among {documents.Count}, expected a whole machine configuration.",
                source
            );
        (string version, string text) = await ReadAsync(cancellation).ConfigureAwait(false);
        await RefuseForeignAsync(backup, config, text, cancellation).ConfigureAwait(false);
        PatchedConfig result = MachineConfigComparison.Compare(text, config, _node.Node);
        IReadOnlyList<string> lost =
        [
            .. result
                .Documents.Where(document => document.Change == MachineConfigChange.Removed)
                .Select(document => document.ToString()),
        ];
        if (lost.Count > 0 && !_options.Force)
            throw MachineConfigErrors.DocumentsLost.New(
                $"'{source}' lacks {string.Join(", ", lost.Select(name => $"'{name}'"))}, found on '{_node.Node}', expected every document of it.",
                _node.Node
            );
        MachineConfigPlan plan = await PlanAsync(version, text, result, cancellation).ConfigureAwait(false);
        plan.GoesBack = true;
        return plan;
    }

    private async Task RefuseForeignAsync(
        MachineConfigBackup backup,
        string config,
        string active,
        CancellationToken cancellation
    )
    {
        IReadOnlyList<string> doubts = await BackupIdentity
            .DoubtsAsync(_node, backup, config, active, cancellation)
            .ConfigureAwait(false);
        if (doubts.Count == 0)
            return;
        string found = $"'{backup}' is not a backup of '{_node.Node}': {string.Join("; ", doubts)}.";
        if (!_options.Force)
            throw MachineConfigErrors.BackupOfAnotherMachine.New(found, _node.Node);
        _reporter.Warning($"{_node.Node}: {found} It is restored all the same, because of -Force.");
    }

    /// <summary>Works out what an edit of the text would do, and has the node try it. Changes nothing.</summary>
    /// <param name="edit">Makes the new text of the active one.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="TsException">One of <see cref="MachineConfigErrors"/> or <see cref="TalosErrors"/>.</exception>
    public async Task<MachineConfigPlan> PlanEditAsync(
        Func<string, string> edit,
        CancellationToken cancellation = default
    )
    {
        ArgumentNullException.ThrowIfNull(edit);
        (string version, string text) = await ReadAsync(cancellation).ConfigureAwait(false);
        return await PlanAsync(
                version,
                text,
                MachineConfigComparison.Compare(text, edit(text), _node.Node),
                cancellation
            )
            .ConfigureAwait(false);
    }

    /// <summary>Makes the change that was planned.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="cancellation">Ends it; once the node has been sent the configuration, only the looking on.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="TsException">One of <see cref="MachineConfigErrors"/> or <see cref="TalosErrors"/>.</exception>
    public async Task<MachinePatchResult> ApplyAsync(MachineConfigPlan plan, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        if (!plan.Changed)
            return Result(plan);
        var services = new ExtensionServiceWait(_node, plan, _options.ServiceTimeout, _reporter);
        await services.LookBeforeAsync(cancellation).ConfigureAwait(false);
        string? backup = _options.NoBackup ? null : await BackUpAsync(plan, cancellation).ConfigureAwait(false);
        await RefuseIfChangedAsync(plan, cancellation).ConfigureAwait(false);

        Step("applying");
        TalosApplyResult? answer = null;
        try
        {
            answer = await SendAsync(plan, dryRun: false, cancellation).ConfigureAwait(false);
            _reporter.Verbose($"{_node.Node}: {FirstLine(answer.Details)}");
        }
        catch (TsException e)
            when (e.Error.Category is TsErrorCategory.ConnectionError or TsErrorCategory.OperationTimeout)
        {
            // The node may have taken it before the connection broke: only looking tells.
            _reporter.Verbose(
                $"{_node.Node}: no answer ({FirstLine(e.Message)}); looking whether the configuration was taken."
            );
            await VerifyAsync(plan, _options.Mode, backup, e, cancellation).ConfigureAwait(false);
        }

        TalosApplyMode mode = answer?.Mode ?? _options.Mode;
        if (answer is not null)
            await VerifyAsync(plan, mode, backup, null, cancellation).ConfigureAwait(false);
        if (mode is TalosApplyMode.NoReboot or TalosApplyMode.Try)
            await services.WaitAsync(cancellation).ConfigureAwait(false);
        Done();
        MachineConfigWarning[] own = [.. (answer?.Warnings ?? []).Where(text => !IsSaid(text, plan)).Select(FromNode)];
        foreach (MachineConfigWarning warning in own)
            _reporter.Warning($"{_node.Node}: {warning}");
        return Result(plan) with
        {
            Applied = true,
            Mode = mode,
            BackupPath = backup,
            Warnings = [.. plan.Warnings, .. own],
        };
    }

    private async Task<string> BackUpAsync(MachineConfigPlan plan, CancellationToken cancellation)
    {
        Step("backing up");
        string folder = _options.BackupFolder ?? MachineConfigBackup.DefaultFolder;
        MachineConfigOrigin origin = await OriginAsync(plan, cancellation).ConfigureAwait(false);
        string path = await MachineConfigBackup
            .WriteAsync(folder, origin, plan.Before, cancellation)
            .ConfigureAwait(false);
        int removed = MachineConfigBackup.Prune(folder, origin);
        _reporter.Verbose(
            $"{_node.Node}: the configuration as it was, with the cluster's secrets, is in '{path}'"
                + (removed == 0 ? "." : $"; {removed} older than the newest {MachineConfigBackup.Kept} were removed.")
        );
        return path;
    }

    private async Task<MachineConfigOrigin> OriginAsync(MachineConfigPlan plan, CancellationToken cancellation) =>
        new()
        {
            Node = _node.Node,
            NodeId = await _node.NodeIdAsync(cancellation).ConfigureAwait(false),
            Address = _node.Address,
            Time = _clock.GetUtcNow(),
            BeforeRestore = plan.GoesBack,
        };

    private static MachineConfigWarning FromNode(string text) =>
        new("FromNode", text.TrimEnd('.') + ".", "See the Talos documentation.");

    // The node's warnings begin with the path of what they are about (".machine.install.extensions is deprecated").
    private static bool IsSaid(string text, MachineConfigPlan plan)
    {
        string path = text.Split(' ')[0].Trim('.');
        return path.Contains('.', StringComparison.Ordinal)
            && plan.Warnings.Any(warning => warning.Message.StartsWith(path + " ", StringComparison.Ordinal));
    }

    /// <summary>What a plan comes to when nothing is done.</summary>
    /// <param name="plan">The plan.</param>
    /// <returns>The result.</returns>
    public static MachinePatchResult Result(MachineConfigPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new MachinePatchResult
        {
            Node = plan.Node,
            Changed = plan.Changed,
            Warnings = plan.Warnings,
            Diff = plan.Diff,
            Documents = plan.Documents,
        };
    }

    private static string FirstLine(string text)
    {
        int end = text.IndexOf('\n', StringComparison.Ordinal);
        return end < 0 ? text : text[..end];
    }

    private async Task<(string Version, string Text)> ReadAsync(CancellationToken cancellation)
    {
        Step("reading");
        (string version, string text) = await _node.MachineConfigAsync(Active, cancellation).ConfigureAwait(false);
        ConfigSecrets.Register(text);
        _reporter.Verbose($"{_node.Node}: read the active configuration, version {version}.");
        if (!_options.Force)
            await RefusePendingAsync(version, text, cancellation).ConfigureAwait(false);
        return (version, text);
    }

    private async Task RefusePendingAsync(string version, string text, CancellationToken cancellation)
    {
        // Since 1.10; older nodes do not show what is on disk.
        TalosResource? resource = await _node
            .FindResourceAsync(TalosTypes.MachineConfig, "persistent", cancellation)
            .ConfigureAwait(false);
        if (resource is null)
            return;
        string persistent = TalosSpecs.MachineConfigText(resource);
        if (persistent == text)
            return;
        (string again, _) = await _node.MachineConfigAsync(Active, cancellation).ConfigureAwait(false);
        if (again != version)
            throw MachineConfigErrors.ConfigChangedMeanwhile.New(
                $"The configuration of '{_node.Node}' went from version {version} to {again} while it was read, expected it to stay.",
                _node.Node
            );
        string documents = string.Join(
            ", ",
            MachineConfigComparison
                .Compare(text, persistent, _node.Node)
                .Documents.Where(document => document.Change != MachineConfigChange.Unchanged)
                .Select(document => $"'{document}'")
        );
        throw MachineConfigErrors.ConfigPending.New(
            $"The configuration on the disk of '{_node.Node}' differs from the active one in {documents}, expected them to be the same.",
            _node.Node
        );
    }

    private async Task<MachineConfigPlan> PlanAsync(
        string version,
        string text,
        PatchedConfig result,
        CancellationToken cancellation,
        IReadOnlyList<MachineConfigWarning>? dropped = null
    )
    {
        TalosVersion talos = await _node.VersionAsync(cancellation).ConfigureAwait(false);
        IReadOnlyList<MachineConfigWarning> warnings = ConfigValidator.Check(
            text,
            result.Text,
            _node.Node,
            talos.Version,
            _options.Strict,
            [.. dropped ?? [], .. PatchedServiceSettings.Check(text, result.Text)]
        );
        ConfigSecrets.Register(result.Text);
        var plan = new MachineConfigPlan
        {
            Node = _node.Node,
            NodeId = await _node.NodeIdAsync(cancellation).ConfigureAwait(false),
            Changed = result.IsChanged,
            Documents = result.Documents,
            Warnings = warnings,
            Diff = UnifiedDiff.Create(text, result.Text, _node.Node),
            Summary = MachineConfigComparison.Summary(result, _options.Mode),
            Before = text,
            Version = version,
            After = result.Text,
        };
        if (plan.Changed)
        {
            Step("trying on the node");
            TalosApplyResult dry = await SendAsync(plan, dryRun: true, cancellation).ConfigureAwait(false);
            plan.Restarts = dry.Mode == TalosApplyMode.Reboot;
            _reporter.Verbose($"{_node.Node}: the node would take it ({dry.Mode}).");
        }
        else
        {
            _reporter.Verbose($"{_node.Node}: the configuration has all of it already; nothing to send.");
        }

        Done();
        return plan;
    }

    private async Task<TalosApplyResult> SendAsync(MachineConfigPlan plan, bool dryRun, CancellationToken cancellation)
    {
        try
        {
            return await _node
                .ApplyConfigurationAsync(
                    ConfigText.Encode(plan.After),
                    _options.Mode,
                    dryRun,
                    _options.TryTimeout,
                    cancellation
                )
                .ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error == TalosErrors.TalosChangeNeedsReboot)
        {
            throw NeedsReboot(plan, e);
        }
    }

    // The node's own diff says which change it is; it shows the contents of files, which may be secret.
    private TsException NeedsReboot(MachineConfigPlan plan, TsException refused)
    {
        string text = ConfigSecrets.MaskWithFiles(refused.Message, plan.Before, plan.After);
        int at = text.IndexOf("diff:", StringComparison.Ordinal);
        string[] lines = at < 0 ? [] : text[(at + "diff:".Length)..].TrimEnd().TrimStart('\n').Split('\n');
        string more = lines.Length > LongestDiff ? $"\n… and {lines.Length - LongestDiff} lines more" : "";
        return TalosErrors.TalosChangeNeedsReboot.New(
            $"'{_node.Node}' takes this change only with a restart (it was asked for with -Mode {_options.Mode}). "
                + $"What it would change:\n{string.Join('\n', lines.Take(LongestDiff))}{more}",
            _node.Node,
            refused
        );
    }

    private async Task RefuseIfChangedAsync(MachineConfigPlan plan, CancellationToken cancellation)
    {
        // Nodes may have one configuration, and addresses change while a question waits.
        string? id = await _node.NodeIdAsync(cancellation).ConfigureAwait(false);
        if (id != plan.NodeId)
            throw MachineConfigErrors.ConfigChangedMeanwhile.New(
                $"At the address of '{_node.Node}' another machine answers ('{id ?? "(not told)"}', not '{plan.NodeId ?? "(not told)"}') than when the change was prepared.",
                _node.Node
            );
        (string version, string text) = await _node.MachineConfigAsync(Active, cancellation).ConfigureAwait(false);
        if (version == plan.Version && text == plan.Before)
            return;
        string documents = string.Join(
            ", ",
            MachineConfigComparison
                .Compare(plan.Before, text, _node.Node)
                .Documents.Where(document => document.Change != MachineConfigChange.Unchanged)
                .Select(document => $"'{document}' ({document.Change.ToString().ToLowerInvariant()})")
        );
        throw MachineConfigErrors.ConfigChangedMeanwhile.New(
            $"The configuration of '{_node.Node}' went from version {plan.Version} to {version} while the change was prepared: "
                + $"found {(documents.Length == 0 ? "no other text" : documents)}, expected no change.",
            _node.Node
        );
    }

    // Only what can be seen without a reboot is compared.
    private async Task VerifyAsync(
        MachineConfigPlan plan,
        TalosApplyMode mode,
        string? backup,
        TsException? cause,
        CancellationToken cancellation
    )
    {
        if (mode is TalosApplyMode.Reboot or TalosApplyMode.Auto && cause is null)
            return;
        Step("comparing");
        string id = mode == TalosApplyMode.Staged ? "persistent" : Active;
        long started = _clock.GetTimestamp();
        TsException? last = cause;
        while (true)
        {
            try
            {
                TalosResource? resource = await _node
                    .FindResourceAsync(TalosTypes.MachineConfig, id, cancellation)
                    .ConfigureAwait(false);

                // Before 1.10 a node does not show what it has on disk.
                if (resource is null && mode == TalosApplyMode.Staged && cause is null)
                    return;
                string text = resource is null ? string.Empty : TalosSpecs.MachineConfigText(resource);
                if (MachineConfigComparison.Same(text, plan.After, _node.Node))
                {
                    _reporter.Verbose(
                        $"{_node.Node}: the {(id == Active ? "active" : id)} configuration, read again, is the one that was sent."
                    );
                    return;
                }

                last = cause;
            }
            catch (TsException e)
                when (e.Error.Category is TsErrorCategory.ConnectionError or TsErrorCategory.OperationTimeout)
            {
                last = e;
            }

            if (_clock.GetElapsedTime(started) > _options.SettleTimeout)
                break;
            await Task.Delay(TimeSpan.FromMilliseconds(200), cancellation).ConfigureAwait(false);
        }

        string found =
            last is null || ReferenceEquals(last, cause)
                ? "does not show the configuration that was sent"
                : "does not answer since the configuration was sent";
        throw MachineConfigErrors.ConfigNotApplied.New(
            $"'{_node.Node}' {found} ({plan.Summary}), expected it within {_options.SettleTimeout.TotalSeconds:0} seconds; "
                + (
                    backup is null
                        ? "no backup of what was there before was kept."
                        : $"what was there before is in '{backup}'."
                ),
            _node.Node,
            last
        );
    }

    private void Step(string status) => _reporter.Progress(new ProgressStep(Activity, _node.Node, status));

    private void Done() => _reporter.Progress(new ProgressStep(Activity, _node.Node, "done", Completed: true));
}
