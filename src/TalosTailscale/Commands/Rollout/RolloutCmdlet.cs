using System.ComponentModel;
using System.Management.Automation;
using TalosTailscale.Core.Boot.NodeShell;
using TalosTailscale.Core.Boot.Swap;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Rollout;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Commands;

/// <summary>Base of the cmdlets that change the boot image of nodes one safe step after the other: plan, questions, steps.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class RolloutCmdlet : TsCmdlet
{
    private List<TsNode> _nodes = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private bool _failed;
    private DeviceInventory? _inventory;
    private TalosClient? _client;
    private KubernetesConnection? _kubernetes;

    /// <summary>Names from the inventory, addresses, or nodes from the pipeline.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        HelpMessage = "Names of the inventory or addresses, for example ampone or 192.168.1.203."
    )]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(NodeNameCompleter))]
    public TsNodeReference[] Node { get; set; } = [];

    /// <summary>How many workers at once: a number, or a share of the workers such as 10%. Control planes go one at a time.</summary>
    [Parameter(Mandatory = false)]
    [ValidatePattern("^[1-9][0-9]{0,3}%?$")]
    public string ThrottleLimit { get; set; } = "1";

    /// <summary>After how many failed nodes no further one is begun; 1 when not given, no limit with -ContinueOnError.</summary>
    [Parameter(Mandatory = false)]
    [ValidateRange(1, int.MaxValue)]
    public int MaxFailures { get; set; }

    /// <summary>Goes on with other nodes after failures. No control plane is begun after one that failed, all the same.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter ContinueOnError { get; set; }

    /// <summary>Neither cordons nor drains nodes: their pods stop while they restart.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter SkipDrain { get; set; }

    /// <summary>How long disruption budgets and grace periods may hold up one node; 10 minutes when not given.</summary>
    [Parameter(Mandatory = false)]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long to wait for one node to come back; 30 minutes when not given.</summary>
    [Parameter(Mandatory = false)]
    public TimeSpan Timeout { get; set; } = new TalosWaitOptions().Timeout;

    /// <summary>The talosconfig file; else the one that TALOSCONFIG names, else ~/.talos/config.</summary>
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

    /// <summary>The kubeconfig file; else the one that KUBECONFIG names or ~/.kube/config, else one from the Talos API.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? KubeConfig { get; set; }

    /// <summary>The context of the kubeconfig; its current one when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(KubeContextCompleter))]
    public string? KubeContext { get; set; }

    /// <summary>The devices folder in which names are looked up; see Get-TsNode.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? Inventory { get; set; }

    /// <summary>Gates of a swap or an upgrade that do not hinder when they do not hold or cannot be judged; see Invoke-UkiSwap.</summary>
    [Parameter(Mandatory = false)]
    public UkiSwapGate[] SkipGate { get; set; } = [];

    /// <summary>Restarts the cluster's only control plane without a question. It skips no gate.</summary>
    [Parameter(Mandatory = false)]
    public SwitchParameter Force { get; set; }

    /// <summary>Image of the shell on nodes; see Invoke-UkiSwap.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string Image { get; set; } = PodNodeShell.DefaultImage;

    /// <summary>The folder of the journal, by which an interrupted run goes on; below the user's state folder when not given.</summary>
    [Parameter(Mandatory = false)]
    [ValidateNotNullOrEmpty]
    public string? StateFolder { get; set; }

    /// <summary>What is to be done with each node, as an imperative.</summary>
    private protected abstract string Question(TsRolloutNode node);

    /// <summary>How it shall go.</summary>
    private protected abstract RolloutOptions Options(RolloutWidth width);

    /// <summary>What it works with, but for the connections.</summary>
    private protected abstract Task<RolloutSetup> SetupAsync(
        RolloutSetup connections,
        CancellationToken cancellationToken
    );

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (UkiSwapGates.RefuseToSkip(SkipGate) is { } refusal)
            throw refusal;
        string? path = TalosConfig is null ? null : await ResolveNewPathAsync(TalosConfig);
        TalosConfigContext context = TalosConfigFile.Load(path).Context(Context);
        _client = TalosClient.Connect(context, new TalosClientOptions { Endpoints = Endpoint });
        _inventory = await OnPipelineAsync(() => SessionInventory.LoadIfAny(SessionState, Inventory));
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        foreach (TsNodeReference reference in NodeWildcards.Expand(Node, _inventory))
        {
            try
            {
                TsNode node = DeviceInventory.Resolve(reference, _inventory);
                if (_seen.Add(node.Address))
                    _nodes.Add(node);
            }
            catch (TsException e)
            {
                _failed = true;
                await WriteErrorAsync(e, reference.Text);
            }
        }
    }

    /// <inheritdoc/>
    protected override async Task EndAsync(CancellationToken cancellationToken)
    {
        // A name that is not known may be the very node that the others must not go without: nothing is begun then.
        if (_failed || _nodes.Count == 0)
            return;
        IReadOnlyDictionary<string, TsNode> machines = await GivenMachines.FirstAsync(
            _client!,
            _nodes,
            cancellationToken
        );
        _nodes = [.. _nodes.Where(node => machines[node.Address].Address == node.Address)];
        var session = new RolloutSession(
            await SetupAsync(await ConnectAsync(cancellationToken), cancellationToken),
            Reporter
        );
        RolloutPlan plan = await session.PlanAsync(
            _nodes,
            Options(RolloutWidth.Parse(ThrottleLimit)),
            cancellationToken
        );
        foreach (TsException refusal in plan.Refusals)
            await WriteErrorAsync(refusal);
        if (plan.View.Nodes.Count == 0)
            return;
        if (IsWhatIf)
            await WriteObjectAsync(plan.View);
        var agreed = new HashSet<string>(StringComparer.Ordinal);
        foreach (TsRolloutNode node in plan.View.Nodes)
            if (await AgreesAsync(node))
                agreed.Add(node.Node);
        if (agreed.Count == 0)
            return;
        await RunAsync(session, plan.Where(agreed.Contains), cancellationToken);
    }

    private async Task<bool> AgreesAsync(TsRolloutNode node)
    {
        if (!await ShouldProcessAsync(node.Node, Question(node)))
            return false;
        bool alone = node.IsOnlyControlPlane && !SkipGate.Contains(UkiSwapGate.Quorum);
        return await AgreesToRestartAsync(alone ? EtcdRestart.OnlyMember : EtcdRestart.Allowed, node.Node, Force);
    }

    /// <summary>Carries out what was agreed to.</summary>
    private protected virtual async Task RunAsync(
        RolloutSession session,
        RolloutPlan plan,
        CancellationToken cancellationToken
    )
    {
        await foreach (RolloutStepEnd end in session.RunAsync(plan, cancellationToken))
        {
            await WriteObjectAsync(end.Step);
            if (end.Error is { } error)
                await WriteErrorAsync(error, end.Step.Node);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _client?.Dispose();
            _kubernetes?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>The cluster; there once the plan is being made.</summary>
    private protected KubernetesConnection Cluster =>
        _kubernetes ?? throw new InvalidOperationException("The cluster is connected to in EndAsync.");

    /// <summary>The nodes that were given.</summary>
    private protected IReadOnlyList<TsNode> Nodes => _nodes;

    /// <summary>After how many failures nothing more is begun.</summary>
    private protected int FailureLimit =>
        MaxFailures > 0 ? MaxFailures
        : ContinueOnError ? int.MaxValue
        : 1;

    private async Task<RolloutSetup> ConnectAsync(CancellationToken cancellationToken)
    {
        string? path = KubeConfig is null ? null : await ResolveNewPathAsync(KubeConfig);
        _kubernetes = await KubernetesAccess.OpenAsync(_client!, path, KubeContext, cancellationToken);
        return new RolloutSetup
        {
            Talos = _client!,
            Kubernetes = _kubernetes,
            Patches = (_, _) => Task.FromResult<IReadOnlyList<ConfigPatch>>([]),
            SkipGates = SkipGate.ToHashSet(),
            ShellImage = Image,
            DrainTimeout = DrainTimeout,
            ReturnTimeout = Timeout,
            StateFolder = StateFolder is null ? null : await ResolveNewPathAsync(StateFolder),
        };
    }
}
