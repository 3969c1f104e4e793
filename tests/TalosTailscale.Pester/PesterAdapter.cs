using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Adapter;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

namespace TalosTailscale.Pester;

/// <summary>
/// Tells the test platform of the Pester files: every <c>It</c> is a test, named by its Describe, Context and title.
/// </summary>
[FileExtension(".dll")]
[DefaultExecutorUri(Executor)]
[ExtensionUri(Executor)]
public sealed class PesterAdapter : ITestDiscoverer, ITestExecutor, IDisposable
{
    private const string Executor = "executor://talostailscale/pester";

    private readonly CancellationTokenSource _cancel = new();

    /// <inheritdoc/>
    public void DiscoverTests(
        IEnumerable<string> sources,
        IDiscoveryContext discoveryContext,
        IMessageLogger logger,
        ITestCaseDiscoverySink discoverySink
    )
    {
        ArgumentNullException.ThrowIfNull(discoverySink);
        foreach (string source in Ours(sources))
            PesterRun.Discover(test => discoverySink.SendTestCase(CaseOf(test, source)), _cancel.Token);
    }

    /// <inheritdoc/>
    public void RunTests(IEnumerable<string>? sources, IRunContext? runContext, IFrameworkHandle? frameworkHandle)
    {
        ITestCaseFilterExpression? filter = runContext?.GetTestCaseFilter(
            [nameof(TestCase.FullyQualifiedName), nameof(TestCase.DisplayName)],
            _ => null
        );
        foreach (string source in Ours(sources ?? []))
        {
            if (filter is null)
            {
                PesterRun.Run(PesterRun.Files, test => Record(test, source, frameworkHandle), _cancel.Token);
                continue;
            }

            List<TestCase> chosen = [];
            PesterRun.Discover(test => chosen.Add(CaseOf(test, source)), _cancel.Token);
            chosen.RemoveAll(test => !filter.MatchTestCase(test, _ => test.FullyQualifiedName));
            RunTests(chosen, runContext, frameworkHandle);
        }
    }

    /// <inheritdoc/>
    public void RunTests(IEnumerable<TestCase>? tests, IRunContext? runContext, IFrameworkHandle? frameworkHandle)
    {
        foreach (IGrouping<string, TestCase> source in (tests ?? []).GroupBy(test => test.Source))
        {
            HashSet<string> names = [.. source.Select(test => test.FullyQualifiedName)];
            PesterRun.Run(
                [.. source.Select(test => test.CodeFilePath!).Distinct()],
                test =>
                {
                    // What fails outside of any test has no name that could have been chosen.
                    if (test.IsOutside || names.Contains(test.FullName))
                        Record(test, source.Key, frameworkHandle);
                },
                _cancel.Token
            );
        }
    }

    /// <inheritdoc/>
    public void Cancel() => _cancel.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _cancel.Dispose();

    // The platform asks every adapter about every assembly.
    private static IEnumerable<string> Ours(IEnumerable<string> sources) =>
        sources.Where(source => Path.GetFileName(source) == Path.GetFileName(typeof(PesterAdapter).Assembly.Location));

    private static TestCase CaseOf(PesterTest test, string source) =>
        new(test.FullName, new Uri(Executor), source)
        {
            DisplayName = test.FullName,
            CodeFilePath = test.File,
            LineNumber = test.Line,
        };

    private static void Record(PesterTest test, string source, IFrameworkHandle? handle) =>
        handle?.RecordResult(
            new TestResult(CaseOf(test, source))
            {
                DisplayName = test.FullName,
                Duration = TimeSpan.FromSeconds(test.Seconds),
                ErrorMessage = test.Message,
                ErrorStackTrace = test.Trace,
                Outcome = test.Result switch
                {
                    "Passed" => TestOutcome.Passed,
                    "Skipped" => TestOutcome.Skipped,
                    _ => TestOutcome.Failed,
                },
            }
        );
}
