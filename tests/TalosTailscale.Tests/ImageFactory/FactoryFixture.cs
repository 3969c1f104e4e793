using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Core.Images;
using TalosTailscale.Core.Reporting;
using TalosTailscale.Lab.Factory;
using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Lab.Images;

namespace TalosTailscale.Tests.ImageFactory;

/// <summary>A factory of the lab, a client for it without patience, and a folder for what it sends.</summary>
internal sealed class FactoryFixture : IAsyncDisposable
{
    private FactoryFixture(LabFactory factory, TemporaryFolder folder)
    {
        Factory = factory;
        Folder = folder;
        Client = new ImageFactoryClient(factory.Address, Options, Reporter);
    }

    public static ImageFactoryOptions Options { get; } =
        new()
        {
            RetryDelay = TimeSpan.FromMilliseconds(1),
            Retries = 3,
            IdleTimeout = TimeSpan.FromMinutes(10),
            Timeout = TimeSpan.FromMinutes(10),
            BuildTimeout = TimeSpan.FromMinutes(10),
        };

    public LabFactory Factory { get; }

    public LabFactoryFaults Faults => Factory.Faults;

    public TemporaryFolder Folder { get; }

    public ImageFactoryClient Client { get; private set; }

    public CollectingReporter Reporter { get; } = new();

    public string Path => Folder["image.efi"];

    /// <summary>The requests for images.</summary>
    public IReadOnlyList<LabFactoryRequest> ImageRequests =>
        [.. Factory.Requests.Where(r => r.Path.StartsWith("/image/", StringComparison.Ordinal))];

    public static async Task<FactoryFixture> StartAsync(ImageFactoryOptions? options = null)
    {
        var folder = new TemporaryFolder();
        var factory = await LabFactory.StartAloneAsync(folder["factory"], TestContext.Current.CancellationToken);
        var fixture = new FactoryFixture(factory, folder);
        if (options is not null)
        {
            fixture.Client.Dispose();
            fixture.Client = new ImageFactoryClient(factory.Address, options, fixture.Reporter);
        }

        return fixture;
    }

    public static ImageChoice Choice(
        TalosImageKind kind = TalosImageKind.Uki,
        TalosArchitecture architecture = TalosArchitecture.Arm64,
        bool secureBoot = false
    )
    {
        var schematic = Schematic.FromExtensions([Schematic.TailscaleExtension]);
        return new ImageChoice
        {
            Kind = kind,
            Version = VersionTag.Parse("v1.12.4"),
            Architecture = architecture,
            SecureBoot = secureBoot,
            SchematicId = SchematicId.Parse(schematic.Id),
            Schematic = schematic,
        };
    }

    public async Task<TalosImage> SaveAsync(
        ImageChoice? choice = null,
        bool force = false,
        CancellationToken? cancellationToken = null
    )
    {
        choice ??= Choice();
        var token = cancellationToken ?? TestContext.Current.CancellationToken;
        var source = new ImageSource(Client, Reporter);
        var schematic = await source.RegisterAsync(choice, token);
        return await source.SaveAsync(choice, schematic, Path, force, token);
    }

    public async Task<TsException> FailsAsync(ImageChoice? choice = null, bool force = false) =>
        await Assert.ThrowsAsync<TsException>(() => SaveAsync(choice, force));

    public static byte[] Expected(bool secureBoot = false) => LabImages.Uki(new LabUkiSpec { SecureBoot = secureBoot });

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Factory.DisposeAsync();
        Folder.Dispose();
    }

    internal sealed class CollectingReporter : IReporter
    {
        private readonly List<string> _lines = [];
        private readonly List<ProgressStep> _steps = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_lines)
                    return [.. _lines];
            }
        }

        public IReadOnlyList<ProgressStep> Steps
        {
            get
            {
                lock (_steps)
                    return [.. _steps];
            }
        }

        public void Verbose(string message)
        {
            lock (_lines)
                _lines.Add(message);
        }

        public void Warning(string message) => Verbose("WARNING " + message);

        public void Progress(ProgressStep step)
        {
            lock (_steps)
                _steps.Add(step);
        }
    }
}
