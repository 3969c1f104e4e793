using System.Globalization;
using System.Management.Automation;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Rollout;
using TalosTailscale.Core.Rollout.InCluster;

namespace TalosTailscale.Commands;

/// <content>The rollout inside the cluster.</content>
public sealed partial class InstallTsNodeCommand
{
    // What says where, or is of this machine, stays here; the rest is for the cmdlet inside.
    private static readonly string[] s_passedOn =
    [
        nameof(Method),
        nameof(SchematicId),
        nameof(SkipCheck),
        nameof(SkipGate),
        nameof(RegistryImage),
        nameof(ThrottleLimit),
        nameof(MaxFailures),
        nameof(Timeout),
        nameof(DrainTimeout),
        nameof(Image),
        nameof(SkipDrain),
        nameof(ContinueOnError),
        nameof(Force),
        nameof(FactoryUri),
    ];

    // What would make another plan here than the work there; the rest says where things of this machine are.
    private static readonly string[] s_notInCluster = [nameof(ServiceConfig), nameof(Patch)];

    private void RefuseWhatStaysHere()
    {
        if (InCluster && s_notInCluster.FirstOrDefault(MyInvocation.BoundParameters.ContainsKey) is { } name)
            throw RolloutErrors.RolloutOptionInvalid.New(
                $"-{name} was given with -InCluster, which cannot take it along; expected it in the files of the inventory, or not at all.",
                name,
                recommendedAction: $"Leave out -{name}; patches and service configs go along as files of the node's manifests folder."
            );
    }

    private protected override async Task RunAsync(
        RolloutSession session,
        RolloutPlan plan,
        CancellationToken cancellationToken
    )
    {
        if (!InCluster)
        {
            await base.RunAsync(session, plan, cancellationToken);
            return;
        }

        Dictionary<string, string> parameters = MyInvocation
            .BoundParameters.Where(pair => s_passedOn.Contains(pair.Key) && pair.Value is not null)
            .ToDictionary(pair => pair.Key, pair => Text(pair.Value));

        // Inside nobody can be asked; here the question was answered.
        if (plan.View.Nodes.Any(node => node.IsOnlyControlPlane))
            parameters[nameof(Force)] = "True";
        var spec = new WaveJobSpec
        {
            Image = ContainerImage!,
            Inventory = await InventoryAsync(plan, cancellationToken),
            Parameters = parameters,
        };
        await foreach (TsRolloutWave wave in new WaveJobs(Cluster, spec, Reporter).RunAsync(plan, cancellationToken))
        {
            await WriteObjectAsync(wave);
            if (!wave.Succeeded)
                await WriteErrorAsync(
                    RolloutErrors.RolloutWaveFailed.New(
                        $"The Job '{wave.Job}' of wave {wave.Wave} has failed.",
                        wave.Job
                    )
                );
        }
    }

    private async Task<IReadOnlyDictionary<string, byte[]>> InventoryAsync(
        RolloutPlan plan,
        CancellationToken cancellationToken
    )
    {
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        HashSet<string> planned = [.. plan.View.Nodes.Select(node => node.Node)];
        foreach (TsNode node in Nodes.Where(node => planned.Contains(node.Name)))
        {
            if (AuthKeyReference is not null)
                await RenderAsync(node, cancellationToken);
            string folder = node.Path
                ?? throw RolloutErrors.RolloutOptionInvalid.New(
                    $"The node '{node.Name}' is not from an inventory; -InCluster takes its files along.",
                    node.Name
                );
            string manifests = Path.Combine(folder, ManifestNames.Folder);
            IEnumerable<string> paths = Directory.EnumerateFiles(folder, "*.yaml");
            if (Directory.Exists(manifests))
                paths = paths.Concat(Directory.EnumerateFiles(manifests, "*.yaml"));
            foreach (string path in paths)
                files[$"{node.Name}/{Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/')}"] =
                    await File.ReadAllBytesAsync(path, cancellationToken);
        }

        return files;
    }

    private static string Text(object value) =>
        value switch
        {
            string[] list => string.Join(',', list),
            UkiSwapGate[] gates => string.Join(',', gates),
            PSObject wrapped => Text(wrapped.BaseObject),
            IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString() ?? "",
        };
}
