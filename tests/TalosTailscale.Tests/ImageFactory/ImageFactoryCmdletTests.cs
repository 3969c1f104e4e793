using TalosTailscale.Core.ImageFactory;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.ImageFactory;

/// <summary>New-TalosSchematic and Save-TalosImage through the real engine, against the lab's factory.</summary>
public sealed class ImageFactoryCmdletTests
{
    private const string Tailscale = "4a0d65c669d46663f377e7161e50cfd570c401f26fd9e7bda34a0216b6f1922b";

    [Fact]
    public async Task Stopping_ends_at_once_and_keeps_what_came()
    {
        await using var factory = await FactoryFixture.StartAsync();
        factory.Faults.Stalls.Enqueue(100_000);
        using var ps = PowerShellSession.Create();
        var result = await ps.InvokeAndStopAsync(
            "param($f, $d) Save-TalosImage -FactoryUri $f -Version v1.12.4 -Architecture Arm64 -Extension siderolabs/tailscale -Destination $d",
            async () =>
            {
                while (
                    !File.Exists(factory.Path + ".partial") || new FileInfo(factory.Path + ".partial").Length < 90_000
                )
                    await Task.Delay(10, TestContext.Current.CancellationToken);
            },
            ("f", factory.Factory.Address),
            ("d", factory.Path)
        );
        Assert.Empty(result.Errors);
        Assert.False(File.Exists(factory.Path));
        Assert.True(File.Exists(factory.Path + ".partial"));
    }

    [Fact]
    public void The_cache_offers_what_was_seen_and_survives_being_damaged()
    {
        using var folder = new TalosTailscale.Tests.TemporaryFolder();
        var path = folder["cache/factory.json"];
        Assert.Empty(FactoryCache.Load(path).Schematics);
        var schematic = Schematic.FromExtensions(["siderolabs/tailscale"]).ToModel();
        Assert.True(FactoryCache.Load(path).With(schematic).With(schematic).With(["v1.12.4"], []).Save(path));
        var cache = FactoryCache.Load(path);
        Assert.Equal(Tailscale, Assert.Single(cache.Schematics).Id);
        Assert.Equal(["v1.12.4"], cache.Versions);
        Assert.Equal(["siderolabs/tailscale"], cache.Extensions);
        File.WriteAllText(path, "{");
        Assert.Empty(FactoryCache.Load(path).Schematics);
    }
}
