using System.Runtime.CompilerServices;
using TalosTailscale.Core.Inventory;
using TalosTailscale.Core.Kubernetes;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Core.Talos;

namespace TalosTailscale.Core.Rollout;

/// <summary>
/// Looks for everything that still says the old address of a node: in the cluster, in the client's own configuration
/// files, in the inventory and in other texts. Changes nothing by itself.
/// </summary>
public sealed class AddressSurvey
{
    private readonly AddressDrift _drift;
    private readonly AddressForms _forms;
    private readonly TalosClient _client;
    private readonly KubernetesConnection? _kubernetes;
    private readonly AddressSurveyOptions _options;
    private readonly IReporter _reporter;

    /// <summary>Prepares for one node.</summary>
    /// <param name="drift">From where to where it went.</param>
    /// <param name="client">The cluster's Talos API.</param>
    /// <param name="kubernetes">The cluster's Kubernetes; null when it cannot be asked.</param>
    /// <param name="options">Where else to look.</param>
    /// <param name="reporter">Told what is looked at.</param>
    /// <exception cref="TsException"><see cref="AddressErrors.AddressInvalid"/>.</exception>
    public AddressSurvey(
        AddressDrift drift,
        TalosClient client,
        KubernetesConnection? kubernetes,
        AddressSurveyOptions options,
        IReporter reporter
    )
    {
        ArgumentNullException.ThrowIfNull(drift);
        _drift = drift;
        _client = client;
        _kubernetes = kubernetes;
        _options = options;
        _reporter = reporter;
        try
        {
            _forms = new AddressForms(drift.OldAddress, drift.NewAddress, drift.OldName, drift.NewName);
        }
        catch (ArgumentException e)
        {
            throw AddressErrors.AddressInvalid.New(
                $"'{drift.Node.Name}' would go from '{drift.OldAddress}' to '{drift.NewAddress}'; two different IP addresses were expected.",
                drift.Node.Name,
                e
            );
        }
    }

    /// <summary>Looks everywhere; the cluster first, as what is wrong there hurts most.</summary>
    /// <param name="cancellation">Cancels.</param>
    /// <returns>What was found, one by one.</returns>
    public async IAsyncEnumerable<AddressChange> RunAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var cluster = new ClusterAddresses(_drift, _forms, _client, _kubernetes, _reporter);
        foreach (AddressChange change in await cluster.EtcdAsync(cancellation).ConfigureAwait(false))
            yield return change;
        foreach (AddressChange change in await cluster.KubernetesAsync(cancellation).ConfigureAwait(false))
            yield return change;
        var configs = new ConfigAddresses(_drift, _forms, _client, _kubernetes, _options.BackupFolder, _reporter);
        await foreach (AddressChange change in configs.RunAsync(cancellation).ConfigureAwait(false))
            yield return change;

        var files = new FileAddresses(_drift, _forms, _reporter);
        var done = new HashSet<string>(StringComparer.Ordinal);
        if (_client.Context.Source is { } talosConfig && done.Add(Path.GetFullPath(talosConfig)))
        {
            if (
                await files
                    .ClientFileAsync(
                        Path.GetFullPath(talosConfig),
                        TsAddressPlace.TalosConfig,
                        IsOtherContext,
                        cancellation
                    )
                    .ConfigureAwait(false) is
                { } change
            )
                yield return change;
        }

        foreach (string kubeConfig in _options.KubeConfigs.Select(Path.GetFullPath).Where(File.Exists).Where(done.Add))
        {
            if (
                await files
                    .ClientFileAsync(kubeConfig, TsAddressPlace.KubeConfig, IsOtherCluster, cancellation)
                    .ConfigureAwait(false) is
                { } change
            )
                yield return change;
        }

        foreach (string path in TextFiles.Below(_options.Paths).Where(done.Add))
            if (await files.FileAsync(path, cancellation).ConfigureAwait(false) is { } change)
                yield return change;

        bool IsOtherContext(string name, string? ca) =>
            ca is null ? name != _client.Context.Name : ca != _client.Context.Ca;

        // Without a connection it is not known which cluster is meant: then it may be any.
        bool IsOtherCluster(string name, string? ca) => ca is not null && _kubernetes?.IsOfAuthority(ca) == false;
    }
}
