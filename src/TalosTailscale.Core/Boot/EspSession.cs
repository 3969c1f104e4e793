using System.Diagnostics;
using TalosTailscale.Core.Boot.Esp;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.Boot;

/// <summary>
/// The EFI system partition of a node, through a node shell: read it, plan a swap, carry the plan out, go back to a
/// backup, prune. Owns the shell: disposing of the session leaves nothing on the node.
/// </summary>
public sealed class EspSession : IAsyncDisposable
{
    private readonly INodeShell _shell;
    private readonly EspVolume _volume;
    private readonly IReporter _reporter;

    /// <summary>A session on the partition of a node.</summary>
    /// <param name="shell">A shell on the node; becomes the session's.</param>
    /// <param name="device">The partition's device there.</param>
    /// <param name="reporter">Told of each step.</param>
    public EspSession(INodeShell shell, string device, IReporter reporter)
    {
        ArgumentNullException.ThrowIfNull(shell);
        ArgumentException.ThrowIfNullOrEmpty(device);
        ArgumentNullException.ThrowIfNull(reporter);
        _shell = shell;
        _volume = new EspVolume(new EspProgram(shell, reporter), device);
        _reporter = reporter;
    }

    /// <summary>The partition's device on the node.</summary>
    public string Device => _volume.Device;

    /// <summary>Reads what is on the partition and predicts the next boot.</summary>
    /// <param name="facts">The node.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The partition.</returns>
    public async Task<EspInfo> ReadAsync(SwapNodeFacts facts, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(facts);
        return (await EspReader.ReadAsync(_volume, facts, cancellationToken).ConfigureAwait(false)).Info;
    }

    /// <summary>Reads what is on the partition, and what boots next with its extensions, for which the whole image comes here.</summary>
    /// <param name="facts">The node.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The partition.</returns>
    public async Task<EspInfo> ReadWithExtensionsAsync(SwapNodeFacts facts, CancellationToken cancellationToken)
    {
        EspInfo esp = await ReadAsync(facts, cancellationToken).ConfigureAwait(false);
        if (esp.Files.FirstOrDefault(f => f is { BootsNext: true, Uki: not null }) is not { } next)
            return esp;
        EspFile whole = next with
        {
            Uki = await EspReader.ReadWholeAsync(_volume, next, cancellationToken).ConfigureAwait(false),
        };
        return esp with { Files = [.. esp.Files.Select(f => f == next ? whole : f)] };
    }

    /// <summary>Reads everything, evaluates all gates and says what a swap would do. Changes nothing.</summary>
    /// <param name="facts">The node.</param>
    /// <param name="source">The new image.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The plan; whether it is allowed is for the caller to look at.</returns>
    public async Task<UkiSwapPlan> PlanAsync(
        SwapNodeFacts facts,
        UkiSwapSource source,
        UkiSwapOptions options,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        EspState esp = await EspReader.ReadAsync(_volume, facts, cancellationToken).ConfigureAwait(false);
        return SwapPlanner.Plan(esp, facts, source, options);
    }

    /// <summary>
    /// A source that is on the partition already: the <c>~N</c> file that a failed upgrade left, or a backup.
    /// </summary>
    /// <param name="facts">The node.</param>
    /// <param name="backup">True for a backup of the booted entry, false for another entry of the running version.</param>
    /// <param name="name">The file's name; the newest one when not given.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The source; of a backup the extensions are not known, since nobody asks what an old image lacks.</returns>
    /// <exception cref="TsException"><c>BackupNotFound</c>, <c>NothingToPromote</c>.</exception>
    public async Task<UkiSwapSource> FindSourceAsync(
        SwapNodeFacts facts,
        bool backup,
        string? name,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(facts);
        EspState esp = await EspReader.ReadAsync(_volume, facts, cancellationToken).ConfigureAwait(false);
        (UkiSwapSource source, EspFile file) = SwapSourcesOnEsp.Find(esp, facts, backup, name);
        return backup
            ? source
            : source with
            {
                Uki = await EspReader.ReadWholeAsync(_volume, file, cancellationToken).ConfigureAwait(false),
            };
    }

    /// <summary>A source that is on the partition already, by what it holds: under the booted name, or any other.</summary>
    /// <returns>The source; null where no file holds the image.</returns>
    internal async Task<UkiSwapSource?> FindSourceAsync(
        SwapNodeFacts facts,
        string sha256,
        CancellationToken cancellationToken
    )
    {
        EspState esp = await EspReader.ReadAsync(_volume, facts, cancellationToken).ConfigureAwait(false);
        return SwapSourcesOnEsp.FindBy(esp, sha256);
    }

    /// <summary>What Talos's own way back would boot, and the gates for it. Changes nothing.</summary>
    internal async Task<RollbackTarget> PlanRollbackAsync(
        SwapNodeFacts facts,
        IReadOnlySet<UkiSwapGate> skip,
        CancellationToken cancellationToken
    )
    {
        EspState esp = await EspReader.ReadAsync(_volume, facts, cancellationToken).ConfigureAwait(false);
        EspFile[] others = [.. RollbackTarget.OtherEntries(esp)];
        if (others is not [var other])
            return new RollbackTarget([.. others.Select(file => file.Name)], null, []);
        UkiInfo uki = await EspReader.ReadWholeAsync(_volume, other, cancellationToken).ConfigureAwait(false);
        return new RollbackTarget([other.Name], uki, RollbackTarget.Judge(esp, facts, uki, skip));
    }

    /// <summary>
    /// A source that the shell's own container has, such as the UKI of an installer image: looked at on the node, by its
    /// headers only, so that next to nothing is transferred.
    /// </summary>
    /// <param name="path">The file in the container.</param>
    /// <param name="image">The installer image's reference; one of the Image Factory names its schematic.</param>
    /// <param name="extensions">The schematic's extensions, where they are known; null where not.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The source.</returns>
    /// <exception cref="TsException">The file is not there, or is no UKI.</exception>
    public Task<UkiSwapSource> FromContainerAsync(
        string path,
        string image,
        IReadOnlyList<UkiExtension>? extensions,
        CancellationToken cancellationToken
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(image);
        return SwapSourceInContainer.ReadAsync(_volume, path, image, extensions, cancellationToken);
    }

    /// <summary>Removes leftovers of runs that did not end and all backups of this module but the newest and that of the running image.</summary>
    /// <param name="facts">The node.</param>
    /// <param name="dryRun">True to say only what would be removed.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The names.</returns>
    public async Task<IReadOnlyList<string>> PruneAsync(
        SwapNodeFacts facts,
        bool dryRun,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(facts);
        EspState esp = await EspReader.ReadAsync(_volume, facts, cancellationToken).ConfigureAwait(false);
        string[] names =
        [
            .. SwapPlanner.Leftovers(esp, ""),
            .. esp.Target is { } target ? SwapPlanner.OldBackups(esp, facts, target.Name) : [],
        ];
        if (dryRun || names.Length == 0)
            return names;
        if (!esp.Room.Fits([EspNames.LockName]))
        {
            throw BootErrors.EspFull.New(
                $"EFI/Linux of '{facts.Node}' has {esp.Room.Free} free name slots, too few for the lock '{EspNames.LockName}'.",
                facts.Node
            );
        }

        EspLock held = await EspLock.AcquireAsync(_volume, _reporter, cancellationToken).ConfigureAwait(false);
        await using (held.ConfigureAwait(false))
        {
            foreach (string name in names)
                await _volume.RemoveAsync(held.Owner, name, cancellationToken).ConfigureAwait(false);
        }

        return names;
    }

    /// <summary>Carries out a plan.</summary>
    /// <param name="plan">The plan; one with refusing gates is refused again.</param>
    /// <param name="source">The image that the plan was made for.</param>
    /// <param name="cancellationToken">Cancels until the exchange; from then on the swap is finished first.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="TsException">The refusal of a gate (<see cref="SwapErrors"/>), or a failure (<see cref="BootErrors"/>).
    /// After any but <c>SwapNotRestored</c> and <c>SwapUnverified</c> the booted entry is as it was.</exception>
    public async Task<UkiSwapResult> SwapAsync(
        UkiSwapPlan plan,
        UkiSwapSource source,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(source);
        if (Refusals(plan).FirstOrDefault() is { } refusal)
            throw refusal;
        var clock = Stopwatch.StartNew();
        var result = new UkiSwapResult
        {
            Node = plan.Node,
            EspDevice = plan.EspDevice,
            BootedEntry = plan.BootedEntry,
            OldSha256 = plan.OldSha256,
            NewSha256 = plan.NewSha256,
            SkippedGates = [.. plan.Gates.Where(g => g.Status == UkiSwapGateStatus.Skipped)],
        };
        if (!plan.Changes)
        {
            _reporter.Verbose(
                $"{plan.Node}: '{plan.BootedEntry}' has SHA-256 {plan.NewSha256} already; nothing is changed."
            );
            return result with
            {
                Checks = [new("Boot entry", true, $"'{plan.BootedEntry}' has the content already")],
                Duration = clock.Elapsed,
            };
        }

        SwapOutcome outcome = await new SwapExecutor(_volume, plan, source, _reporter)
            .RunAsync(cancellationToken)
            .ConfigureAwait(false);
        return result with
        {
            Changed = true,
            Backup = outcome.Backup,
            DisabledEntries = outcome.Disabled,
            Removed = outcome.Removed,
            Checks = outcome.Checks,
            Duration = clock.Elapsed,
        };
    }

    /// <summary>The refusals of a plan as errors, one for each gate that refuses.</summary>
    /// <param name="plan">The plan.</param>
    /// <returns>The errors, in the order of the gates.</returns>
    public static IEnumerable<TsException> Refusals(UkiSwapPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return SwapGates.Refusals(plan.Gates, $"'{plan.NewUki.Name}' is not put on '{plan.Node}'", plan.Node);
    }

    /// <summary>Ends the shell and waits until nothing of it is left on the node.</summary>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <returns>A task that ends when it is gone.</returns>
    public Task CloseAsync(CancellationToken cancellationToken) => _shell.CloseAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _shell.DisposeAsync();
}
