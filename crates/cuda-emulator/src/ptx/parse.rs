//! Modules and kernels.

use super::{
    ANY_VALUE, Class, Entry, Operand, ParseError, RegisterDeclaration, Source, Statement, Storage, Variable,
    lex::{Token, lex},
    limits,
};
use std::collections::HashSet;

/// Takes a module's text apart.
pub(crate) fn parse(text: &str) -> Result<Source, ParseError> {
    let mut parser = Parser {
        tokens: lex(text),
        at: 0,
        registers: Vec::new(),
        declared: HashSet::new(),
        left: limits::MODULE_REGISTERS,
    };
    let mut source = Source::default();
    while let Some(token) = parser.next() {
        match token.text {
            ".version" => source.version = parser.word("a version")?.to_string(),
            ".target" | ".address_size" | ".file" => parser.skip_line(token.line),
            // Linkage: the module is linked with nothing.
            ".visible" | ".extern" | ".weak" => {}
            ".entry" => {
                within(source.entries.len() + 1, limits::KERNELS, "kernels of a module", token.line)?;
                source.entries.push(parser.entry()?);
            }
            ".global" | ".const" => parser.add_variable(Storage::Global, &mut source.variables)?,
            ".shared" => parser.add_variable(Storage::Shared, &mut source.variables)?,
            ".func" => {
                let reason = "functions are not supported: everything must be inlined into the kernels";
                return Err(ParseError::new(token.line, reason));
            }
            other => return Err(ParseError::new(token.line, format!("unknown directive '{other}'"))),
        }
    }
    Ok(source)
}

/// Refuses more than `most` of something.
fn within(count: usize, most: usize, what: &str, line: u32) -> Result<(), ParseError> {
    if count <= most { Ok(()) } else { Err(ParseError::new(line, format!("more than {most} {what}"))) }
}

pub(super) struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    /// Declarations of the kernel that is being read, in their order, and to look them up.
    registers: Vec<RegisterDeclaration>,
    declared: HashSet<RegisterDeclaration>,
    /// Registers that the module may still declare.
    left: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    pub(super) fn peek_is(&self, text: &str) -> bool {
        self.peek().is_some_and(|t| t.is(text))
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek()?;
        self.at += 1;
        Some(token)
    }

    /// The line of the next token, or the last one's.
    pub(super) fn line(&self) -> u32 {
        self.peek().or(self.tokens.last().copied()).map_or(1, |t| t.line)
    }

    pub(super) fn error(&self, reason: impl Into<String>) -> ParseError {
        ParseError::new(self.line(), reason)
    }

    pub(super) fn take(&mut self, text: &str) -> bool {
        let found = self.peek_is(text);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, text: &str) -> Result<(), ParseError> {
        match self.next() {
            Some(token) if token.is(text) => Ok(()),
            Some(token) => {
                Err(ParseError::new(token.line, format!("'{}' where '{text}' is expected", token.text)))
            }
            None => Err(self.error(format!("the text ends where '{text}' is expected"))),
        }
    }

    pub(super) fn word(&mut self, what: &str) -> Result<&'a str, ParseError> {
        match self.next() {
            Some(token)
                if token.text.starts_with(|c: char| c.is_ascii_alphanumeric() || "_$%.".contains(c)) =>
            {
                Ok(token.text)
            }
            Some(token) => {
                Err(ParseError::new(token.line, format!("'{}' where {what} is expected", token.text)))
            }
            None => Err(self.error(format!("the text ends where {what} is expected"))),
        }
    }

    fn skip_line(&mut self, line: u32) {
        while self.peek().is_some_and(|t| t.line == line) {
            self.at += 1;
        }
    }

    pub(super) fn declared(&self, name: &str) -> bool {
        let single = |class| RegisterDeclaration { class, name: name.to_string(), count: None };
        Class::ALL.into_iter().any(|class| self.declared.contains(&single(class)))
    }

    /// Reads a variable, and adds it to those before it.
    fn add_variable(&mut self, storage: Storage, to: &mut Vec<Variable>) -> Result<(), ParseError> {
        let line = self.line();
        within(to.len() + 1, limits::VARIABLES, "variables", line)?;
        to.push(self.variable(storage)?);
        let bytes: usize = to.iter().filter_map(|v| v.bytes).sum();
        within(bytes, limits::VARIABLE_BYTES, "bytes of variables", line)
    }

    /// What follows `.entry`.
    fn entry(&mut self) -> Result<Entry, ParseError> {
        let line = self.line();
        let name = self.word("a kernel's name")?.to_string();
        let mut entry = Entry {
            name,
            line,
            parameters: Vec::new(),
            max_threads: None,
            registers: Vec::new(),
            variables: Vec::new(),
            statements: Vec::new(),
            labels: Vec::new(),
            tables: Vec::new(),
        };
        if self.take("(") {
            let mut bytes = 0;
            while !self.take(")") {
                if !entry.parameters.is_empty() {
                    self.expect(",")?;
                }
                self.expect(".param")?;
                entry.parameters.push(self.parameter()?);
                // Each may lie behind a gap, and has a name even if it has no bytes.
                bytes += entry.parameters.last().map_or(0, |p| p.bytes.max(1) + p.alignment - 1);
                within(bytes, limits::PARAMETER_BYTES, "bytes of parameters", self.line())?;
            }
        }
        while !self.take("{") {
            match self.word("a directive or '{'")? {
                ".maxntid" | ".reqntid" => entry.max_threads = Some(self.extents()?),
                ".minnctapersm" => drop(self.integer()?),
                other => return Err(self.error(format!("unknown directive '{other}' of a kernel"))),
            }
        }
        self.body(&mut entry)?;
        entry.registers = std::mem::take(&mut self.registers);
        self.declared.clear();
        Ok(entry)
    }

    fn extents(&mut self) -> Result<[u32; 3], ParseError> {
        let most = u32::MAX as usize;
        let mut extents = [self.at_most(most, "threads")? as u32, 1, 1];
        for extent in &mut extents[1..] {
            if self.take(",") {
                *extent = self.at_most(most, "threads")? as u32;
            }
        }
        Ok(extents)
    }

    /// The statements up to the brace that closes the kernel. Inner braces only bound the names of registers.
    fn body(&mut self, entry: &mut Entry) -> Result<(), ParseError> {
        let mut depth = 1;
        while depth > 0 {
            let Some(token) = self.peek() else {
                return Err(self.error(format!("the kernel '{}' does not end", entry.name)));
            };
            let label = self.tokens.get(self.at + 1).is_some_and(|t| t.is(":"));
            match token.text {
                "{" | "}" => {
                    depth += if token.is("{") { 1 } else { -1 };
                    self.at += 1;
                }
                ANY_VALUE => {
                    self.at += 1;
                    let register = Operand::Register(self.word("a register")?.to_string());
                    let (line, opcode) = (token.line, ANY_VALUE.to_string());
                    entry.statements.push(Statement { line, guard: None, opcode, operands: vec![register] });
                }
                _ if label => {
                    self.at += 2;
                    self.label(token.text, entry)?;
                }
                directive if directive.starts_with('.') => {
                    self.at += 1;
                    self.directive(token, entry)?;
                }
                _ => entry.statements.push(self.statement()?),
            }
        }
        Ok(())
    }

    fn label(&mut self, name: &str, entry: &mut Entry) -> Result<(), ParseError> {
        if !self.take(".branchtargets") {
            entry.labels.push((name.to_string(), entry.statements.len()));
            return Ok(());
        }
        let mut targets = vec![self.word("a label")?.to_string()];
        while !self.take(";") {
            self.expect(",")?;
            targets.push(self.word("a label")?.to_string());
        }
        entry.tables.push((name.to_string(), targets));
        Ok(())
    }

    fn directive(&mut self, token: Token<'_>, entry: &mut Entry) -> Result<(), ParseError> {
        match token.text {
            ".reg" => self.register(),
            ".shared" => self.add_variable(Storage::Shared, &mut entry.variables),
            ".loc" | ".pragma" => {
                self.skip_line(token.line);
                Ok(())
            }
            other => Err(ParseError::new(token.line, format!("unknown directive '{other}' in a kernel"))),
        }
    }

    /// What follows `.reg`.
    fn register(&mut self) -> Result<(), ParseError> {
        let class = match self.word("a type")? {
            ".pred" => Class::Predicate,
            ".b16" | ".u16" | ".s16" => Class::Half,
            ".b32" | ".u32" | ".s32" | ".f32" => Class::Word,
            ".b64" | ".u64" | ".s64" | ".f64" => Class::Long,
            other => return Err(self.error(format!("registers of type {other} are not supported"))),
        };
        loop {
            let name = self.word("a register")?.to_string();
            let count = match self.take("<") {
                false => None,
                true => {
                    let count = self.at_most(limits::REGISTERS, "registers")? as u32;
                    self.expect(">")?;
                    Some(count)
                }
            };
            let register = RegisterDeclaration { class, name, count };
            // A scope may declare what another declares too.
            if self.declared.insert(register.clone()) {
                self.registers.push(register);
                let left = self.left.checked_sub(count.unwrap_or(1) as usize);
                self.left = left.ok_or_else(|| {
                    self.error(format!("more than {} registers of a module", limits::MODULE_REGISTERS))
                })?;
            }
            if !self.take(",") {
                return self.expect(";");
            }
        }
    }
}
