using System.Management.Automation;
using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.MachineConfig;
using TalosTailscale.Core.Rollout;
using TalosTailscale.Core.Tailnet;
using TalosTailscale.Core.Talos;
using TalosTailscale.Core.Validation;

namespace TalosTailscale.Commands;

/// <summary>
/// The whole runbook for one node or a fleet: patches the machine configuration, brings in the image with the extension,
/// restarts, waits and checks, one safe step at a time. Interrupted, the same command goes on where it stopped.
/// </summary>
[Cmdlet(VerbsLifecycle.Install, "TsNode", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(TsRolloutStep))]
[OutputType(typeof(TsRolloutWave))]
[OutputType(typeof(TsRolloutPlan))]
public sealed partial class InstallTsNodeCommand : RolloutCmdlet
{
    private readonly ServiceConfigs _services = new();
    private IReadOnlyList<ConfigPatch> _patches = [];

    /// <inheritdoc/>
    protected override async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (InCluster != (ContainerImage is not null))
            throw RolloutErrors.RolloutOptionInvalid.New(
                "-InCluster and -ContainerImage were not given together; expected both or neither.",
                nameof(ContainerImage)
            );
        RefuseWhatStaysHere();
        if (AuthKeyReference is { } text)
            _ = Core.Tailnet.AuthKeyReference.Parse(text);
        _patches = await PatchInput.ReadAsync(Patch, ResolvePathsAsync, cancellationToken);
        await base.BeginAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ProcessAsync(CancellationToken cancellationToken)
    {
        // What comes along the pipeline is bound by now.
        RefuseWhatStaysHere();
        _services.Add(ServiceConfig);
        await base.ProcessAsync(cancellationToken);
    }

    private protected override string Question(TsRolloutNode node) =>
        node.Method == TsRolloutMethod.None
            ? "Check, and patch the machine configuration if needed; the image runs already, no restart"
            : $"Install the tailscale extension ({node.Method}: {node.Reason}) and restart";

    private protected override RolloutOptions Options(RolloutWidth width) =>
        new()
        {
            Method = Method,
            Width = width,
            MaxFailures = FailureLimit,
            SkipDrain = SkipDrain,
        };

    private protected override async Task<RolloutSetup> SetupAsync(
        RolloutSetup connections,
        CancellationToken cancellationToken
    )
    {
        _services.RequireFor(Nodes);
        return connections with
        {
            Factory = FactoryUri,
            SchematicId = SchematicId is null ? null : Core.ImageFactory.SchematicId.Parse(SchematicId).Text,
            Patches = PatchesAsync,
            ConfigOptions = new MachineConfigOptions
            {
                BackupFolder = BackupFolder is null ? null : await ResolveNewPathAsync(BackupFolder),
            },
            Validation = () =>
                new NodeValidationOptions
                {
                    SkipChecks = SkipCheck,
                    RegistryImage = RegistryImage,
                    SettleTime = TimeSpan.FromSeconds(60),
                    ReadDevices = TailnetDevices.Reader(Socket, ApiUri, cancellationToken),
                },
        };
    }

    private async Task<IReadOnlyList<ConfigPatch>> PatchesAsync(TsNode node, CancellationToken cancellationToken)
    {
        TsExtensionServiceConfig? service = _services.Of(node);
        if (service is null && AuthKeyReference is not null)
            service = await RenderAsync(node, cancellationToken);
        return await PatchInput.ForNodeAsync(node, service, _patches, IsWhatIf, Reporter, cancellationToken);
    }

    private async Task<TsExtensionServiceConfig> RenderAsync(TsNode node, CancellationToken cancellationToken)
    {
        string folder = node.Path is { } own
            ? Path.Combine(own, ManifestNames.Folder)
            : throw TailnetErrors.ExtensionServiceInvalid.New(
                $"The node '{node.Name}' is not from an inventory, so there is no folder for its rendered file.",
                node.Name,
                recommendedAction: "Pipe in New-TsExtensionServiceConfig -OutputPath … -PassThru instead of -AuthKeyReference."
            );
        string template = Path.Combine(folder, ManifestNames.ServiceTemplate);
        var sources = new AuthKeySources
        {
            ResolvePath = ResolveNewPathAsync,
            ReadVault = (name, _) => OnPipelineAsync(() => SessionVault.Read(InvokeCommand, name)),
        };
        AuthKey key = await Core
            .Tailnet.AuthKeyReference.Parse(AuthKeyReference!)
            .ResolveAsync(sources, cancellationToken);
        var rendered = RenderedExtensionService.Create(
            node,
            File.Exists(template)
                ? await ExtensionServiceConfigTemplate.LoadAsync(template, cancellationToken)
                : ExtensionServiceConfigTemplate.Default(),
            new ExtensionServiceSettings(),
            key,
            Path.Combine(folder, ManifestNames.Service),
            Reporter
        );
        return await rendered.IsCurrentAsync(cancellationToken)
            ? rendered.Config
            : await rendered.WriteAsync(evenIfNotIgnored: false, Reporter, cancellationToken);
    }
}
