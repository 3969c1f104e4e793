using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Management.Automation;
using System.Reflection;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>
/// Base of the cmdlets that talk to nodes through the Talos API: finds talosconfig, context and nodes, and does the work
/// on several nodes at once. Results come as they are ready; a node that fails is one error that names it.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TalosCmdlet : TsCmdlet
{
    private static readonly TimeSpan s_untilProgress = TimeSpan.FromSeconds(1);
    private readonly List<(TsNode Node, object? Input)> _work = [];
    private readonly HashSet<(string Address, object? Input)> _seen = [];
    private readonly List<string> _unknown = [];
    private int _inputs;
    private DeviceInventory? _inventory;
    private TalosClient? _client;

    /// <summary>Names from the inventory, addresses, or nodes from the pipeline; where nothing is changed, the context's nodes when none is given.</summary>
    [Parameter(Mandatory = false, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(NodeNameCompleter))]
    public TsNodeReference[] Node { get; set; } = [];

    /// <summary>
    /// The talosconfig file; else the one that TALOSCONFIG names, else ~/.talos/config.
    /// </summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? TalosConfig { get; set; }

    /// <summary>The context of the talosconfig; its current one when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TalosContextCompleter))]
    public string? Context { get; set; }

    /// <summary>The endpoints to dial instead of the context's: control plane nodes as host, host:port or https URL.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string[] Endpoint { get; set; } = [];

    /// <summary>How many nodes are worked on at once.</summary>
    [Parameter(Mandatory = false)]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 16;

    /// <summary>The devices folder in which names are looked up; see Get-TsNode.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? Inventory { get; set; }

    /// <summary>What <see cref="Node"/> holds, a wildcard put as the nodes it matches.</summary>
    private protected IEnumerable<TsNodeReference> NodeReferences => NodeWildcards.Expand(Node, _inventory);

    /// <summary>The client, for work that is not for one node.</summary>
    private protected TalosClient Client =>
        _client ?? throw new InvalidOperationException("The client exists only after BeginAsync.");

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken)
    {
        string? path = TalosConfig is null ? null : await ResolveNewPathAsync(TalosConfig);
        TalosConfigContext context = TalosConfigFile.Load(path).Context(Context);
        _client = TalosClient.Connect(context, new TalosClientOptions { Endpoints = Endpoint });
        _inventory = await OnPipelineAsync(() => SessionInventory.LoadIfAny(SessionState, Inventory));
        Reporter.Verbose(
            $"The context '{context.Name}' of '{context.Source}' dials {string.Join(", ", _client.Endpoints)}."
        );
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        _inputs++;
        foreach (TsNodeReference reference in NodeReferences)
        {
            try
            {
                Add(DeviceInventory.Resolve(reference, _inventory), Input);
            }
            catch (TsException e)
            {
                // One unknown name is one error; the others go on.
                _seen.Add((reference.Text, null));
                _unknown.Add(reference.Text);
                await WriteErrorAsync(e, reference.Text);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        if (_seen.Count == 0 && !await TakeNodesOfContextAsync())
            return;
        if (Changes && TakesMachinesOnce)
            await TakeMachinesOnceAsync(cancellationToken);
        await PrepareAsync([.. _work.Select(item => item.Node).Distinct()], cancellationToken);
        var limit = new ParallelOptions
        {
            MaxDegreeOfParallelism = ThrottleLimit,
            CancellationToken = cancellationToken,
        };
        long started = Stopwatch.GetTimestamp();
        int done = 0;
        // A name that is not known may be the very node that the others must not go without.
        ConcurrentQueue<string> failed = new(_unknown);
        var left = new ConcurrentDictionary<int, string>();
        await Parallel.ForEachAsync(Enumerable.Range(0, _work.Count), limit, async (index, stop) =>
        {
            (TsNode node, object? input) = _work[index];
            if (StopsAtFailure && !failed.IsEmpty)
            {
                left[index] = WorkName(node, input);
                return;
            }

            try
            {
                await WorkAsync(Client.Node(node.Address, node.Name), node, input, stop);
            }
            catch (Exception e) when (e is not (OperationCanceledException or PipelineStoppedException))
            {
                failed.Enqueue(WorkName(node, input));
                foreach (Exception one in Each(e))
                    await WriteErrorAsync(one, node.Name);
            }

            Tell(Interlocked.Increment(ref done), Stopwatch.GetElapsedTime(started));
        });
        if (!left.IsEmpty)
            await WriteErrorAsync(NotBegun(failed, left.OrderBy(pair => pair.Key).Select(pair => pair.Value)));
    }

    /// <summary>Whether a name was given that is not known.</summary>
    private protected bool AnyUnknown => _unknown.Count > 0;

    /// <summary>
    /// Whether no further node is begun after one that failed. Under <c>-WhatIf</c> nothing is changed, and all plans are
    /// shown.
    /// </summary>
    private protected virtual bool StopsAtFailure => false;

    /// <summary>What a piece of work is called where it is said that it failed, or was not begun.</summary>
    private protected virtual string WorkName(TsNode node, object? input) => node.Name;

    /// <summary>Runs once before the work on the nodes begins; a <see cref="TsException"/> here ends it for all.</summary>
    /// <param name="nodes">All nodes.</param>
    /// <param name="cancellationToken">Cancelled by Ctrl+C.</param>
    /// <returns>The work.</returns>
    private protected virtual Task PrepareAsync(IReadOnlyList<TsNode> nodes, CancellationToken cancellationToken) =>
        Task.CompletedTask;

    /// <summary>
    /// What a pipeline object brought besides its node (a service's id): the work is done once for each node and input.
    /// </summary>
    private protected virtual object? Input => null;

    /// <summary>Whether a node can take only one <see cref="Input"/>: one image, one backup.</summary>
    private protected virtual bool OneInputPerNode => false;

    /// <summary>Whether a machine that was given by two addresses is one; not where it is asked which machine an address has.</summary>
    private protected virtual bool TakesMachinesOnce => true;

    /// <summary>The work on one node and input. What it throws becomes the error of this node.</summary>
    /// <param name="client">The node's calls.</param>
    /// <param name="node">The node.</param>
    /// <param name="input">What <see cref="Input"/> was when the node was given.</param>
    /// <param name="cancellationToken">Cancelled by Ctrl+C.</param>
    /// <returns>The work.</returns>
    private protected virtual Task WorkAsync(
        TalosNodeClient client,
        TsNode node,
        object? input,
        CancellationToken cancellationToken
    ) => NodeAsync(client, node, cancellationToken);

    /// <summary>The work on one node, for cmdlets that need no more input than that.</summary>
    /// <param name="client">The node's calls.</param>
    /// <param name="node">The node.</param>
    /// <param name="cancellationToken">Cancelled by Ctrl+C.</param>
    /// <returns>The work.</returns>
    private protected virtual Task NodeAsync(
        TalosNodeClient client,
        TsNode node,
        CancellationToken cancellationToken
    ) => Task.CompletedTask;

    // Several gates can refuse one node.
    private static IReadOnlyList<Exception> Each(Exception exception) =>
        exception is AggregateException all ? all.InnerExceptions : [exception];

    private static TsException NotBegun(IEnumerable<string> failed, IEnumerable<string> left)
    {
        static string Quoted(IEnumerable<string> names) =>
            string.Join(", ", names.Distinct(StringComparer.Ordinal).Select(name => $"'{name}'"));
        string names = Quoted(left);
        return CommandErrors.NodesNotBegun.New($"Stopped after {Quoted(failed)} failed; not begun: {names}.", names);
    }

    // Many nodes are mostly asked in less than a second: a bar would only flicker then.
    private void Tell(int done, TimeSpan elapsed)
    {
        if (_work.Count > 1 && elapsed >= s_untilProgress)
            Reporter.Progress(
                new ProgressStep(
                    MyInvocation.MyCommand.Name,
                    null,
                    "done",
                    done,
                    _work.Count,
                    Unit: Input is null || OneInputPerNode ? "nodes" : "requests"
                )
            );
    }

    /// <summary>How a node is called in questions and plans.</summary>
    private protected static string Describe(TsNode node) =>
        node.Name == node.Address ? node.Name : $"{node.Name} ({node.Address})";

    private bool Changes => GetType().GetCustomAttribute<CmdletAttribute>()?.SupportsShouldProcess ?? false;

    private async Task TakeMachinesOnceAsync(CancellationToken cancellationToken)
    {
        (TsNode Node, object? Input)[] given = [.. _work];
        IReadOnlyDictionary<string, TsNode> first = await GivenMachines.FirstAsync(
            Client,
            given.Select(item => item.Node),
            cancellationToken
        );
        _work.Clear();
        _seen.Clear();
        foreach ((TsNode node, object? input) in given)
        {
            TsNode machine = first[node.Address];
            if (machine.Address != node.Address)
                Reporter.Warning($"'{node.Name}' is the machine that was given as '{machine.Name}': it is taken once.");
            try
            {
                Add(machine, input);
            }
            catch (TsException e)
            {
                _unknown.Add(node.Name);
                await WriteErrorAsync(e, node.Name);
            }
        }
    }

    private void Add(TsNode node, object? input)
    {
        if (
            OneInputPerNode
            && _work.Find(item => item.Node.Address == node.Address && !Equals(item.Input, input)).Input is { } other
        )
            throw CommandErrors.InputAmbiguous.New(
                $"'{node.Name}' was given both '{other}' and '{input}'; one was expected.",
                node.Name
            );
        if (_seen.Add((node.Address, input)))
            _work.Add((node, input));
    }

    // Only a reader may take all nodes of the context: a change of every node has to be asked for by name, and a pipeline
    // that brought nothing ('Get-TsNode typo | …') means no node.
    private async Task<bool> TakeNodesOfContextAsync()
    {
        if (MyInvocation.ExpectingInput && _inputs == 0)
            return false;
        // A node was given, and what came with it was wrong: that error is written already.
        if (Node.Length > 0)
            return false;
        if (!Changes && !MyInvocation.ExpectingInput)
        {
            foreach (string text in Client.Context.Nodes)
            {
                TsNode node = _inventory?.TryFind(text) ?? new TsNode { Name = text, Address = text };
                Add(node, Input);
            }
        }

        if (_work.Count > 0)
            return true;
        await WriteErrorAsync(
            TalosErrors.TalosNodeMissing.New(
                Changes
                    ? "No node was given; what changes nodes takes none of its own accord."
                    : $"No node was given, and the context '{Client.Context.Name}' of '{Client.Context.Source}' has no 'nodes'.",
                Client.Context.Name
            )
        );
        return false;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _client?.Dispose();
        base.Dispose(disposing);
    }
}
