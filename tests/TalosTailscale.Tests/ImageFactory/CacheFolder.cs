using System.Runtime.CompilerServices;
using TalosTailscale.Core.ImageFactory;

namespace TalosTailscale.Tests.ImageFactory;

/// <summary>Keeps the cache of completers that tests fill out of the home of who runs them.</summary>
internal static class CacheFolder
{
    [ModuleInitializer]
    internal static void Redirect() =>
        Environment.SetEnvironmentVariable(
            FactoryCache.EnvironmentVariable,
            Path.Combine(AppContext.BaseDirectory, "cache")
        );
}
