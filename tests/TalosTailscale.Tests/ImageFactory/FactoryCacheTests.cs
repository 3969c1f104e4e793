using TalosTailscale.Core.ImageFactory;

namespace TalosTailscale.Tests.ImageFactory;

/// <summary>What Tab offers without asking the factory.</summary>
public sealed class FactoryCacheTests
{
    private const string Tailscale = "4a0d65c669d46663f377e7161e50cfd570c401f26fd9e7bda34a0216b6f1922b";

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
