using System.Collections.Concurrent;
using System.Globalization;
using TalosTailscale.Lab.Nodes;

namespace TalosTailscale.Lab;

/// <summary>
/// The embedded cluster: nodes with a Talos API, a Kubernetes API, an Image Factory, a registry and a tailnet, in this
/// process, on loopback, on ports that the system picks.
/// </summary>
public sealed class LabCluster : IAsyncDisposable
{
    private readonly List<ILabPart> _parts = [];
    private readonly CancellationTokenSource _stopping = new();
    private bool _ownsFolder;
    private FileStream? _folderLock;

    private LabCluster(LabOptions options, string folder)
    {
        Options = options;
        Folder = folder;
        Secrets = new LabSecrets(options.Keys);
        Etcd = new LabEtcd(this);
        Nodes = [.. options.Nodes.Select(n => new LabNode(this, n))];
    }

    /// <summary>The options that it was started with.</summary>
    public LabOptions Options { get; }

    /// <summary>The folder of the lab's files, absolute; removed on dispose unless the options say to keep it.</summary>
    public string Folder { get; }

    /// <summary>The nodes.</summary>
    public IReadOnlyList<LabNode> Nodes { get; }

    /// <summary>The etcd of the control planes.</summary>
    public LabEtcd Etcd { get; }

    /// <summary>The second cluster with the same names, where the options ask for one.</summary>
    public LabCluster? Twin => Part<LabTwin>()?.Cluster;

    /// <summary>What is in UKI files, by their name, length and time of last write.</summary>
    internal ConcurrentDictionary<(string Name, long Length, DateTime Written), UkiInfo?> KnownUkis { get; } = new();

    /// <summary>The clock of the lab.</summary>
    internal TimeProvider Clock => Options.TimeProvider;

    /// <summary>What the clock says, in UTC.</summary>
    internal DateTimeOffset Now => Clock.GetUtcNow();

    /// <summary>The secrets that every machine config of the lab holds.</summary>
    internal LabSecrets Secrets { get; }

    /// <summary>Cancelled when the lab stops: everything that runs in the background ends on it.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Starts a lab and boots its nodes.</summary>
    /// <param name="options">What lab; null for the runbook's three nodes.</param>
    /// <param name="cancellationToken">Stops the start.</param>
    /// <returns>The lab, its nodes running.</returns>
    public static async Task<LabCluster> StartAsync(
        LabOptions? options = null,
        CancellationToken cancellationToken = default
    )
    {
        options ??= new LabOptions();
        var own = options.Folder is null;
        FileStream? folderLock = null;
        var folder = options.Folder is { } given
            ? Directory.CreateDirectory(Path.GetFullPath(given)).FullName
            : LabFolder.Create(out folderLock);
        var cluster = new LabCluster(options, folder) { _ownsFolder = own, _folderLock = folderLock };
        try
        {
            await cluster.StartPartsAsync(cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Finds a node by its name, address or Kubernetes name.</summary>
    /// <param name="nameOrAddress">The text.</param>
    /// <returns>The node.</returns>
    /// <exception cref="ArgumentException">There is no such node.</exception>
    public LabNode Node(string nameOrAddress) =>
        FindNode(nameOrAddress)
        ?? throw new ArgumentException($"The lab has no node '{nameOrAddress}'.", nameof(nameOrAddress));

    /// <summary>Finds a node by its name, address or Kubernetes name.</summary>
    /// <param name="nameOrAddress">The text.</param>
    /// <returns>The node, or null.</returns>
    public LabNode? FindNode(string nameOrAddress) =>
        Nodes.FirstOrDefault(n =>
            n.Name.Equals(nameOrAddress, StringComparison.OrdinalIgnoreCase)
            || n.Address.Equals(nameOrAddress, StringComparison.Ordinal)
            || n.Hostname.Equals(nameOrAddress, StringComparison.OrdinalIgnoreCase)
            || n.Nodename.Equals(nameOrAddress, StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>The part, or the service of a part, of this type.</summary>
    /// <typeparam name="T">The class of the part, or an interface that it implements.</typeparam>
    /// <returns>The part; null when the lab has none.</returns>
    public T? Part<T>()
        where T : class => _parts.OfType<T>().FirstOrDefault();

    /// <summary>Writes what a client needs to reach the lab.</summary>
    /// <param name="folder">The folder, made when it is not there.</param>
    /// <returns>The folder and the environment variables to set.</returns>
    public LabClientFiles WriteClientFiles(string folder)
    {
        var files = new LabClientFiles(Directory.CreateDirectory(Path.GetFullPath(folder)).FullName);
        foreach (var part in _parts)
            part.AddClientFiles(files);
        return files;
    }

    /// <summary>Writes what a client needs into the folder <c>client</c> of the lab.</summary>
    /// <returns>The folder and the environment variables to set.</returns>
    public LabClientFiles WriteClientFiles() => WriteClientFiles(Path.Combine(Folder, "client"));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
            return;
        await _stopping.CancelAsync();
        var failures = new List<Exception>();
        foreach (var part in Enumerable.Reverse(_parts))
        {
            try
            {
                await part.DisposeAsync();
            }
            catch (Exception e)
            {
                // The other parts and the folder go as well; the first failure is told at the end.
                failures.Add(e);
            }
        }

        _stopping.Dispose();
        if (_ownsFolder)
            LabFolder.Release(Folder, _folderLock, Options.KeepFolder);
        if (failures.Count > 0)
            throw new AggregateException("The lab did not stop cleanly.", failures);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"lab of {Nodes.Count} nodes in {Folder}");

    // Images come first, because nodes boot them; then the nodes; then the APIs that show them.
    private async Task StartPartsAsync(CancellationToken cancellationToken)
    {
        foreach (var part in LabParts.Create())
        {
            _parts.Add(part);
            await part.StartAsync(this, cancellationToken);
        }
    }
}
